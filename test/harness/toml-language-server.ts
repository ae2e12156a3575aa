import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'

/** The parts of the Language Server Protocol that the tests read. Lines and characters count from 0. */
export interface Position {
  line: number
  character: number
}

export interface Diagnostic {
  message: string
  range: { start: Position; end: Position }
}

interface Message {
  method?: string
  id?: number
  params?: Record<string, unknown>
  result?: unknown
}

interface TaploLsp {
  send(message: Message & { jsonrpc: '2.0' }): void
  dispose(): void
}

/** Taplo, the server behind the TOML extension of VS Code and most other editors, as WebAssembly in this process. */
const { TaploLsp } = createRequire(import.meta.url)('@taplo/lsp') as {
  TaploLsp: {
    initialize(environment: object, handlers: { onMessage(message: Message): void }): Promise<TaploLsp>
  }
}

/** An editor with one open file. */
export class TomlEditor {
  readonly #answers = new Map<number, (result: unknown) => void>()
  readonly #file: string
  #server!: TaploLsp
  #requests = 0
  #version = 0
  /** What the server says about the text that was opened or changed last. */
  diagnostics: readonly Diagnostic[] = []

  private constructor(folder: string) {
    this.#file = `file://${folder}/edited.toml`
  }

  static async start(folder: string): Promise<TomlEditor> {
    const editor = new TomlEditor(folder)
    editor.#server = await TaploLsp.initialize(environment(folder), {
      onMessage: (message) => editor.#receive(message),
    })
    const workspaceFolders = [{ uri: `file://${folder}`, name: 'test' }]
    const capabilities = {
      workspace: { configuration: true, workspaceFolders: true },
      textDocument: {
        completion: { completionItem: { documentationFormat: ['markdown'] } },
        hover: { contentFormat: ['markdown'] },
      },
    }
    await editor.#ask('initialize', { processId: null, rootUri: `file://${folder}`, workspaceFolders, capabilities })
    editor.#tell('initialized', {})
    return editor
  }

  stop(): void {
    this.#server.dispose()
  }

  /** Replaces the whole text. */
  type(text: string): void {
    this.#version += 1
    const textDocument = { uri: this.#file, version: this.#version }
    if (this.#version > 1) this.#tell('textDocument/didChange', { textDocument, contentChanges: [{ text }] })
    else this.#tell('textDocument/didOpen', { textDocument: { ...textDocument, languageId: 'toml', text } })
  }

  /** The explanation that appears over a key. */
  async hover(position: Position): Promise<string | undefined> {
    const hover = await this.#ask('textDocument/hover', { textDocument: { uri: this.#file }, position })
    return (hover as { contents: { value: string } } | null)?.contents.value
  }

  async complete(position: Position): Promise<{ label: string; documentation?: { value: string } }[]> {
    const items = await this.#ask('textDocument/completion', { textDocument: { uri: this.#file }, position })
    return (items as { label: string; documentation?: { value: string } }[] | null) ?? []
  }

  #receive({ method, id, params, result }: Message): void {
    if (method === undefined) this.#answers.get(id!)?.(result)
    else if (method === 'textDocument/publishDiagnostics') this.diagnostics = params!.diagnostics as Diagnostic[]
    else if (method === 'workspace/configuration') {
      const answer = (params!.items as unknown[]).map(() => ({ schema: { enabled: true, catalogs: [] } }))
      this.#server.send({ jsonrpc: '2.0', id: id!, result: answer })
    }
  }

  #tell(method: string, params: Record<string, unknown>): void {
    this.#server.send({ jsonrpc: '2.0', method, params })
  }

  #ask(method: string, params: Record<string, unknown>): Promise<unknown> {
    this.#requests += 1
    const id = this.#requests
    const answer = new Promise((resolve) => this.#answers.set(id, resolve))
    this.#server.send({ jsonrpc: '2.0', id, method, params })
    return answer
  }
}

/** Files of this machine, and no network: the server would ask the internet for a catalogue of schemas. */
function environment(folder: string): object {
  const nothing = async (bytes: Uint8Array) => bytes.length
  return {
    cwd: () => folder,
    now: () => new Date(),
    envVar: () => undefined,
    envVars: () => [],
    findConfigFile: () => undefined,
    glob: () => [],
    isAbsolute: path.isAbsolute,
    urlToFilePath: (url: string) => decodeURI(url.slice('file://'.length)),
    readFile: (file: string) => readFile(file),
    writeFile: async () => {},
    stdErrAtty: () => false,
    stdin: async () => new Uint8Array(),
    stdout: nothing,
    stderr: nothing,
    fetch: { fetch: async () => new Response('{"schemas":[]}'), Headers, Request, Response },
  }
}
