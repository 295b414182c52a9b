import { fillIn, isKey, translate, type Locale } from '../i18n'
import { isObject } from '../live/merge'
import type * as wire from '../wire.gen'

/** Why a request did not do what was asked, in words for people. */
export interface Trouble {
  /** The HTTP status; 0 where the hub was not reached, or did not answer in time. */
  status: number
  text: string
  /** The problem's stable name, where one was given. */
  code?: string | undefined
  /** The request's id in the hub's log. */
  instance: string | undefined
  /** What is wrong in each field that was sent, by its name. */
  fields: { [field: string]: string }
}

export type Result<T> = { ok: true; data: T } | { ok: false; trouble: Trouble }

export interface DeadLetterPage {
  /** Newest first. */
  dead_letters: wire.DeadLetter[]
  total: number
  open: number
}

/** The pages' client of /api/v1. Every answer is a Result; nothing is thrown. */
export interface Api {
  /** Reads anything under /api/v1. */
  read<T>(path: string): Promise<Result<T>>
  /** Sends a file. */
  upload<T>(path: string, file: Blob): Promise<Result<T>>
  /** Changes anything under /api/v1. */
  change<T>(method: 'POST' | 'PUT' | 'DELETE', path: string, body?: object, /** Its Idempotency-Key, where the page keeps one. */ key?: string): Promise<Result<T>>
  live(): Promise<Result<wire.Live>>
  /** A page of at most 50 with numbers below `before`, or the newest. */
  deadLetters(before: number | null): Promise<Result<DeadLetterPage>>
  dismissLetter(number: number, note: string): Promise<Result<unknown>>
  setWindow(id: string, window: { number: string; name: string; department: string; direction: string }): Promise<Result<unknown>>
  removeWindow(id: string): Promise<Result<unknown>>
  assign(agent: string, window: string): Promise<Result<unknown>>
  device(agent: string, what: 'dismiss' | 'identify' | 'restart'): Promise<Result<unknown>>
}

/** A hub that does not answer in this time is not reached, in milliseconds. */
const PATIENCE = 10_000

/** Somebody who has touched nothing for so long is taken to have gone, in milliseconds. */
const ATTENDED = 60_000

let touched = 0
if (typeof document !== 'undefined') {
  touched = performance.now()
  for (const kind of ['pointerdown', 'keydown', 'wheel', 'touchstart']) document.addEventListener(kind, () => { touched = performance.now() }, { passive: true, capture: true })
}

const attended = () => typeof document === 'undefined' || performance.now() - touched < ATTENDED

/** `bearer` is the key of a screen on which nobody signs in. */
export function createApi(locale: () => Locale, send: typeof fetch = (...args) => fetch(...args), bearer: () => string | null = () => null): Api {
  const keys = idempotencyKeys()

  async function call<T>(method: string, path: string, body?: object, own?: string): Promise<Result<T>> {
    const headers = new Headers({ Accept: 'application/json', 'Accept-Language': locale() })
    // The hub ends sessions that nobody uses: a page that asks by itself must not keep one.
    if (method === 'GET' && !attended()) headers.set('Unattended', '1')
    const key = bearer()
    if (key !== null) headers.set('Authorization', `Bearer ${key}`)
    const request: RequestInit = { method, headers, signal: AbortSignal.timeout(PATIENCE) }
    const intent = `${method} ${path} ${JSON.stringify(body ?? null)}`
    if (method !== 'GET') {
      headers.set('Idempotency-Key', own ?? keys.of(intent))
      headers.set('Content-Type', 'application/json')
      request.body = JSON.stringify(body ?? {})
    }
    let response: Response
    let value: unknown
    try {
      response = await send(`/api/v1/${path}`, request)
      value = await read(response)
    } catch {
      return { ok: false, trouble: { status: 0, text: translate(locale(), 'problem.network'), instance: undefined, fields: {} } }
    }
    // Answered, so the next press is a new intention.
    keys.done(intent)
    if (!response.ok) return { ok: false, trouble: explain(response.status, value, locale()) }
    return { ok: true, data: value as T }
  }

  async function upload<T>(path: string, file: Blob): Promise<Result<T>> {
    const headers = new Headers({ Accept: 'application/json', 'Accept-Language': locale(), 'Content-Type': file.type || 'application/octet-stream' })
    try {
      const response = await send(`/api/v1/${path}`, { method: 'POST', headers, body: file, signal: AbortSignal.timeout(6 * PATIENCE) })
      const value = await read(response)
      return response.ok ? { ok: true, data: value as T } : { ok: false, trouble: explain(response.status, value, locale()) }
    } catch {
      return { ok: false, trouble: { status: 0, text: translate(locale(), 'problem.network'), instance: undefined, fields: {} } }
    }
  }

  const part = encodeURIComponent
  return {
    read: (path) => call('GET', path),
    upload,
    change: (method, path, body, key) => call(method, path, body, key),
    live: () => call('GET', 'live'),
    deadLetters: (before) => call('GET', `dead-letters?limit=50${before === null ? '' : `&before=${before}`}`),
    dismissLetter: (number, note) => call('POST', `dead-letters/${number}/dismiss`, { note }),
    setWindow: (id, window) => call('PUT', `windows/${part(id)}`, window),
    removeWindow: (id) => call('DELETE', `windows/${part(id)}`),
    assign: (agent, window) => call('POST', `devices/${part(agent)}/assign`, { window }),
    device: (agent, what) => call('POST', `devices/${part(agent)}/${what}`),
  }
}

async function read(response: Response): Promise<unknown> {
  const text = await response.text()
  if (text === '' || !/json/.test(response.headers.get('Content-Type') ?? '')) return null
  return JSON.parse(text)
}

/** A problem document in words: the hub's title, or ours where something between answered in its place. */
export function explain(status: number, value: unknown, locale: Locale): Trouble {
  const problem = isObject(value) ? value : {}
  const own = `problem.${status}`
  const fallback = isKey(own) ? fillIn(translate(locale, own as 'problem.400')) : translate(locale, 'problem.other', { status })
  const title = text(problem['title']) ?? fallback
  const article = text(problem['article'])
  const fields: { [field: string]: string } = {}
  for (const field of Array.isArray(problem['fields']) ? problem['fields'] : []) {
    if (!isObject(field)) continue
    const name = text(field['field'])
    if (name) fields[name] = text(field['message']) ?? title
  }
  return {
    status, fields, code: text(problem['code']),
    text: article ? `${title} ${translate(locale, 'problem.article', { article })}` : title,
    instance: text(problem['instance']),
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/**
 * The same intention sent again after the hub was not reached keeps its key, so
 * that it has one effect however often somebody presses.
 */
function idempotencyKeys() {
  const open = new Map<string, string>()
  return {
    of(intent: string): string {
      const key = open.get(intent) ?? uuid()
      open.set(intent, key)
      return key
    },
    done(intent: string): void {
      open.delete(intent)
    },
  }
}

/** A random UUID. crypto.randomUUID is kept from pages that a hub serves without TLS. */
export function uuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
