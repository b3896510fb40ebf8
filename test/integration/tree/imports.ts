import { posix } from 'node:path'
import ts from 'typescript'

/** One import, re-export, `import()` or import type of a source file. */
export interface Import {
  /** Path of the importing file from the project's root. */
  readonly from: string
  /** Path from the project's root for a file, else the package as written. */
  readonly to: string
  /** Erased by the compiler: nothing is loaded at run time. */
  readonly typeOnly: boolean
}

/** What a source file imports. */
export function importsOf(path: string, text: string): Import[] {
  const imports: Import[] = []
  const add = (specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteral(specifier)) return
    const { text: name } = specifier
    const to = name.startsWith('.') ? posix.join(posix.dirname(path), name) : name
    imports.push({ from: path, to, typeOnly })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, isTypeOnly(node.importClause))
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly)
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node.argument.literal, true)
    else if (isCallThatLoads(node)) add(node.arguments[0], false)
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(path, text, ts.ScriptTarget.Latest))
  return imports
}

// With `verbatimModuleSyntax` only `import type` is erased; `import { type A }` still loads the module.
function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  return clause?.phaseModifier === ts.SyntaxKind.TypeKeyword
}

function isCallThatLoads(node: ts.Node): node is ts.CallExpression {
  if (!ts.isCallExpression(node)) return false
  const { expression } = node
  return (
    expression.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isIdentifier(expression) && expression.text === 'require')
  )
}

/** Whether a file holds nothing but re-exports from other files. */
export function isReExportsOnly(path: string, text: string): boolean {
  const { statements } = ts.createSourceFile(path, text, ts.ScriptTarget.Latest)
  return statements.every(
    (statement) => ts.isExportDeclaration(statement) && statement.moduleSpecifier !== undefined,
  )
}
