import { checkNames } from '../../../errors/option-checks.ts'
import { RateLimiterError } from '../../../errors/rate-limiter-error.ts'
import { MemoryStore, type MemoryStoreOptions } from '../memory-store.ts'
import { type PersistOptions, parsePersist } from './persist-option.ts'
import { loadOnce, Persistence, saveOnce } from './persistence.ts'

/** Options of {@link PersistentMemoryStore}. */
export interface PersistentMemoryStoreOptions extends MemoryStoreOptions {
  /**
   * A file that keeps the counters and bans when the process ends. The store loads it when it is created, before it
   * answers. It saves itself at least every `everySec` seconds, and in `close()`. It installs no signal handlers. Default:
   * none.
   */
  readonly persist?: PersistOptions | undefined
}

const SUBJECT = 'PersistentMemoryStore'

/**
 * A `MemoryStore` that can be saved to a file and loaded from it. Counters of all algorithms, refusals and bans go on as
 * if the process had not ended: times are saved as wall time. Where `clock` is given, they are saved as times of that
 * clock, which must then go on between two processes, as `Date` does.
 *
 * Nothing that was saved is forgotten, unless the file has more clients than `maxKeys`. Then the store forgets those that
 * it would forget for new clients, and counts them in `unexpiredEvictions`. Receipts are not saved: a charge that was
 * taken before the process ended cannot be refunded.
 *
 * The file has a checksum, which finds damage. It does not show who wrote the file: who can write it can lift bans. It
 * contains the secret of the hash that stands for keys: who can read it can test whether an address is in it.
 *
 * A file that is damaged, truncated, of another format, or not of a store is not loaded, not even in part. The store is
 * then empty, and there is the warning `TOLLGATE_STORE_NOT_LOADED`. Without a file it is empty, without a warning.
 *
 * @example
 * const store = new PersistentMemoryStore({ persist: { path: '/var/lib/app/limits', everySec: 10 } })
 * const limiter = createRateLimiter({ store })
 * // when the server is closed
 * await limiter.close()
 * await store.close()
 */
export class PersistentMemoryStore extends MemoryStore {
  readonly #persistence: Persistence | undefined
  #isClosed = false

  /**
   * Reads the file of `persist` before it returns: under a second for a million clients.
   *
   * @throws RateLimiterError when an option is unknown or has an invalid value, and when another store or another process
   *   keeps the file of `persist`. Then nothing is written
   */
  constructor(options: PersistentMemoryStoreOptions = {}) {
    const { persist, maxKeys, clock } = checkNames(SUBJECT, options, ['maxKeys', 'clock', 'persist'])
    super({ maxKeys, clock })
    if (persist === undefined) return
    this.#persistence = new Persistence(
      parsePersist(`${SUBJECT}.persist`, persist),
      MemoryStore.partsOf(this),
    )
  }

  /**
   * Creates a store with the counters and bans of a file that {@link PersistentMemoryStore.save} has written.
   *
   * @param path of the file, absolute or from the working folder
   * @param options as for the constructor, but without `persist`, which loads its file by itself
   * @throws RateLimiterError `invalid_option`, `unknown_option`, `impossible_combination`
   */
  static async load(
    path: string,
    options: Omit<PersistentMemoryStoreOptions, 'persist'> = {},
  ): Promise<PersistentMemoryStore> {
    rejectPersist(options)
    const store = new PersistentMemoryStore(options)
    loadOnce(path, MemoryStore.partsOf(store))
    return store
  }

  /**
   * Writes all counters and bans to a file. They take the place of an existing file when all is written: a crash, or a
   * full disk, leaves that file as it was. The store goes on meanwhile. Each client is written as it is at one moment
   * between the call and the end.
   *
   * Only the user of the process may read the file (mode 0600).
   *
   * @param path of the file, absolute or from the working folder. Its folder must exist
   * @throws RateLimiterError `invalid_option` when `path` is no path, or another store or process keeps the file by
   *   `persist`; `store_failed` when it cannot be written; `closed` when the store was closed before the end
   */
  async save(path: string): Promise<void> {
    this.#checkOpen()
    if (this.#persistence?.keeps(path)) return this.#persistence.save()
    return saveOnce(path, MemoryStore.partsOf(this), () => this.#checkOpen())
  }

  /**
   * Answers no more charges, saves the file of `persist`, and forgets all clients.
   *
   * @throws RateLimiterError `store_failed` when the file cannot be written; the store is closed then too
   */
  override async close(): Promise<void> {
    this.#isClosed = true
    MemoryStore.partsOf(this).stop()
    try {
      await this.#persistence?.close()
    } finally {
      super.close()
    }
  }

  #checkOpen(): void {
    if (!this.#isClosed) return
    throw new RateLimiterError({
      code: 'closed',
      problem: 'this PersistentMemoryStore was closed',
      remedy: 'Save it before.',
    })
  }
}

/** A store would load two files. */
function rejectPersist({ persist }: PersistentMemoryStoreOptions): void {
  if (persist === undefined) return
  throw new RateLimiterError({
    code: 'impossible_combination',
    option: `${SUBJECT}.persist`,
    value: persist,
    problem: `loads a file by itself, and so does ${SUBJECT}.load()`,
    remedy: `Write new ${SUBJECT}({ persist }).`,
  })
}
