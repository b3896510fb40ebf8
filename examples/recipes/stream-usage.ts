/** The parts of an event of a model that say what it costs. */
interface ModelEvent {
  readonly choices?: readonly { readonly delta?: { readonly content?: string | null } }[]
  readonly usage?: { readonly total_tokens?: number } | null
  readonly error?: unknown
}

/**
 * Counts the tokens of a stream of events while its chunks pass. A chunk may end anywhere, also within a character. Only the
 * line that is not complete yet is kept.
 */
export class StreamUsage {
  readonly #decoder = new TextDecoder()
  #line = ''
  #counted: number
  #reported: number | undefined

  /** @param promptTokens an estimate of what the model has read */
  constructor(promptTokens: number) {
    this.#counted = promptTokens
  }

  /**
   * What the model has reported. Until then, the prompt and one token for each event with text, since models send
   * their tokens one by one. 0 if the model has reported an error.
   */
  get tokens(): number {
    return this.#reported ?? this.#counted
  }

  /** @throws SyntaxError for data that is not JSON */
  add(chunk: Uint8Array): void {
    const lines = (this.#line + this.#decoder.decode(chunk, { stream: true })).split('\n')
    this.#line = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data:')) this.#read(line.slice('data:'.length).trim())
  }

  #read(data: string): void {
    if (data === '[DONE]') return
    const { choices = [], usage, error } = JSON.parse(data) as ModelEvent
    if (choices.some(({ delta }) => Boolean(delta?.content))) this.#counted++
    if (error !== undefined) this.#reported = 0
    else if (usage?.total_tokens !== undefined) this.#reported = usage.total_tokens
  }
}
