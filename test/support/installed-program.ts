import { spawnSync } from 'node:child_process'

/** The environment in which tests look for programs: Debian keeps servers in a folder that not every user has. */
export const PROGRAMS_ENVIRONMENT: NodeJS.ProcessEnv = {
  ...process.env,
  PATH: `${process.env.PATH}:/usr/sbin`,
}

/**
 * Whether a program is installed. If not, a line explains how to get it.
 *
 * @param args what makes the program end with 0 at once
 * @param debianPackage what to install
 */
export function hasProgram(program: string, args: readonly string[], debianPackage: string): boolean {
  if (spawnSync(program, args, { stdio: 'ignore', env: PROGRAMS_ENVIRONMENT }).status === 0) return true
  console.log(`skipped: no ${program} on the PATH (Debian: apt-get install ${debianPackage})`)
  return false
}
