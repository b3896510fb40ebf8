import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { ROOT } from '../../support/project-files.ts'

/** The names of the properties that an interface of a file of src declares itself. */
export function membersOf(file: string, name: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.ES2022)
  const found = source.statements
    .filter(ts.isInterfaceDeclaration)
    .find((declaration) => declaration.name.text === name)
  if (found === undefined) throw new Error(`${file} has no interface ${name}`)
  return found.members.map((member) => member.name?.getText(source) ?? '')
}

/** The texts of a type that is a union of literal texts, such as the codes of the errors. */
export function textsOfUnion(file: string, name: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(join(ROOT, file), 'utf8'), ts.ScriptTarget.ES2022)
  const found = source.statements
    .filter(ts.isTypeAliasDeclaration)
    .find((declaration) => declaration.name.text === name)
  if (found === undefined || !ts.isUnionTypeNode(found.type)) throw new Error(`${file} has no union ${name}`)
  return found.type.types.map((type) => type.getText(source).replaceAll("'", ''))
}
