/** What a remote says of itself: where its branches are. */
export interface Heads {
  /** Commit by branch. */
  branches: ReadonlyMap<string, string>
  /** The branch that a clone would get; nothing where HEAD names none that exists. */
  main?: string
}

const HASH = /^([0-9a-f]{40}|[0-9a-f]{64})$/

/** Collects what a remote lists; other refs than branches and HEAD are left out. */
export class HeadsBuilder {
  readonly #branches = new Map<string, string>()
  #main: string | undefined

  add(name: string, hash: string): void {
    if (name.startsWith(BRANCH) && HASH.test(hash)) this.#branches.set(name.slice(BRANCH.length), hash)
  }

  /** `HEAD` leads to this ref. */
  head(name: string): void {
    if (name.startsWith(BRANCH)) this.#main = name.slice(BRANCH.length)
  }

  build(): Heads {
    const main = this.#main
    return { branches: this.#branches, ...(main !== undefined && this.#branches.has(main) && { main }) }
  }
}

const BRANCH = 'refs/heads/'

/** `ls-remote --symref`: `hash TAB name`, and `ref: name TAB HEAD`. */
export function parseListing(text: string): Heads {
  const heads = new HeadsBuilder()
  for (const line of text.split('\n')) {
    const [first = '', name = ''] = line.split('\t')
    if (first.startsWith('ref: ') && name === 'HEAD') heads.head(first.slice('ref: '.length))
    else heads.add(name, first)
  }
  return heads.build()
}
