import { randomUUID } from 'node:crypto'
import { promises, readdirSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'

/** What the name of a draft has after the name of the file. */
const DRAFT_END = /^\.\d+-[\da-f]{8}\.tmp$/

/**
 * Replaces a file by these pieces, or leaves it as it is. The pieces are written to a draft beside the file, which then
 * takes the name of the file. So a reader finds the old content or the new one, also after a crash. Only the user of the
 * process may read the file.
 *
 * @param pieces each may be overwritten once the next one is asked for
 * @param check throws if the draft must not become the file
 */
export async function replaceFile(
  path: string,
  pieces: Iterable<Uint8Array>,
  check: () => void,
): Promise<void> {
  const draft = `${path}.${process.pid}-${randomUUID().slice(0, 8)}.tmp`
  const file = await promises.open(draft, 'wx', 0o600)
  try {
    try {
      for (const piece of pieces) await file.writeFile(piece)
      await file.sync()
    } finally {
      await file.close()
    }
    check()
    await promises.rename(draft, path)
  } catch (error) {
    await promises.rm(draft, { force: true })
    throw error
  }
  await syncFolder(dirname(path))
}

/** Removes the drafts of a file that killed processes have left. Nobody may be writing one. */
export function removeDrafts(path: string): void {
  const [folder, name] = [dirname(path), basename(path)]
  try {
    for (const other of readdirSync(folder)) {
      const isDraft = other.startsWith(name) && DRAFT_END.test(other.slice(name.length))
      if (isDraft) rmSync(join(folder, other), { force: true })
    }
  } catch {
    // They take room on the disk, and nothing else.
  }
}

/** Makes a new name of a file last, as far as the system can do that: Windows cannot open a folder. */
async function syncFolder(folder: string): Promise<void> {
  try {
    const opened = await promises.open(folder, 'r')
    await opened.sync().finally(() => opened.close())
  } catch {
    // The file is whole in any case.
  }
}
