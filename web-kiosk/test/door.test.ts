import { describe, expect, test } from 'vitest'
import type { Api, Result } from '../src/api/client'
import { createDoor, type Standing } from '../src/screen/door'
import type { Kept } from '../src/screen/keep'
import { digest, newProof, sign, type Proof } from '../src/screen/proof'
import type { Asked, ScreenSession } from '../src/screen/types'

/** A hub that knows screens by their keys, and loses an answer where a test says so. */
class Hub {
  /** Certificates by the key that they are of. */
  certificates = new Map<string, string>()
  good = new Set<string>()
  renew = false
  lose = ''
  away = false
  codes = 0
  asked: string[] = []

  readonly api = {
    change: async (_method: string, path: string, body: { [name: string]: string } = {}): Promise<Result<unknown>> => {
      const answer = this.away ? refused(0) : this.#answer(path, body)
      return path === this.lose ? refused(0) : answer
    },
    read: async (path: string): Promise<Result<unknown>> => {
      if (this.away) return refused(0)
      if (path === 'session') return ok({})
      return this.#asked(path.split('/').at(-1) ?? '')
    },
  } as unknown as Api

  #answer(path: string, body: { [name: string]: string }): Result<unknown> {
    this.asked.push(path)
    switch (path) {
      case 'screens/challenge': return ok({ challenge: 'c', hall: 'h' })
      case 'screens/ask': return this.#asked(body['public_key'] ?? '')
      case 'screens/renew': {
        const certificate = `certificate of ${body['public_key']}`
        this.certificates.set(body['public_key'] ?? '', certificate)
        this.good.add(certificate)
        this.renew = false
        return ok({ certificate })
      }
      default: {
        const certificate = body['certificate'] ?? ''
        if (!this.good.has(certificate)) return refused(401, 'screen_removed')
        return ok({ screen: 's1', name: '屏', use: 'kiosk', expires: '', renew: this.renew } satisfies ScreenSession)
      }
    }
  }

  #asked(key: string): Result<Asked> {
    const certificate = this.certificates.get(key)
    return ok(certificate && this.good.has(certificate) ? { state: 'confirmed', certificate } : { state: 'waiting', request: key, code: `CODE-${++this.codes}`, left: 600 })
  }
}

const ok = <T>(data: T): Result<T> => ({ ok: true, data })
const refused = (status: number, code?: string): Result<never> => ({ ok: false, trouble: { status, code, text: 'no', instance: undefined, fields: {} } })

/** Runs a door until it stands as a test wants it. */
async function stands(hub: Hub, kept: { now: Kept }, wanted: (standing: Standing) => boolean, need = true): Promise<Standing> {
  return new Promise((resolve, reject) => {
    let turns = 0
    const door = createDoor({
      api: hub.api, page: '/kiosk', now: () => turns * 1_000,
      keep: { load: async () => kept.now, save: async (next) => { kept.now = next } },
      wait: async () => { if (++turns > 1_000) reject(new Error('in vain')) },
      tell: (standing) => {
        if (!wanted(standing)) return
        door.stop()
        resolve(standing)
      },
    }, need)
    door.run().catch(reject)
  })
}

const key = async (proof: Proof | null) => btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.exportKey('spki', (proof as Proof).pair.publicKey))))
const nothing = (): { now: Kept } => ({ now: { self: null, next: null } })

describe('the door of a screen', () => {
  test('shows a code, and is a screen once a person has typed it', async () => {
    const hub = new Hub()
    const kept = nothing()
    expect(await stands(hub, kept, ({ at }) => at === 'code')).toMatchObject({ at: 'code', ended: null })
    const own = await key(kept.now.self)
    expect(kept.now.self?.pair.privateKey.extractable).toBe(false)
    hub.certificates.set(own, 'mine')
    hub.good.add('mine')
    expect(await stands(hub, kept, ({ at }) => at === 'ready')).toMatchObject({ screen: { use: 'kiosk' } })
    expect(await key(kept.now.self)).toBe(own)
  })

  test('says that it was removed, with another key and code', async () => {
    const hub = new Hub()
    const self = { ...await newProof(), certificate: 'old' }
    const kept = { now: { self, next: null } as Kept }
    expect(await stands(hub, kept, ({ at }) => at === 'code', false)).toMatchObject({ ended: 'removed' })
    expect(await key(kept.now.self)).not.toBe(await key(self))
  })

  test('of a page that needs no screen asks for nothing', async () => {
    const hub = new Hub()
    expect(await stands(hub, nothing(), () => true, false)).toEqual({ at: 'stranger' })
    expect(hub.asked).toEqual([])
  })

  test('waits while the hub is away, and keeps its key', async () => {
    const hub = new Hub()
    const self = { ...await newProof(), certificate: 'mine' }
    const kept = { now: { self, next: null } as Kept }
    hub.away = true
    expect(await stands(hub, kept, ({ at }) => at === 'away')).toEqual({ at: 'away' })
    expect(kept.now.self).toBe(self)
  })

  test('renews its certificate with another key', async () => {
    const hub = new Hub()
    const self = { ...await newProof(), certificate: 'mine' }
    const kept = { now: { self, next: null } as Kept }
    hub.good.add('mine')
    hub.renew = true
    await stands(hub, kept, ({ at }) => at === 'ready')
    expect(await key(kept.now.self)).not.toBe(await key(self))
    expect(kept.now.self?.certificate).toBe(`certificate of ${await key(kept.now.self)}`)
    expect(kept.now.next).toBeNull()
  })

  test('finds a certificate again whose answer was lost', async () => {
    const hub = new Hub()
    const self = { ...await newProof(), certificate: 'mine' }
    const kept = { now: { self, next: null } as Kept }
    hub.good.add('mine')
    hub.renew = true
    hub.lose = 'screens/renew'
    await stands(hub, kept, ({ at }) => at === 'ready')
    expect(kept.now.self?.certificate).toBe('mine')
    hub.good.delete('mine') // the next one was seen meanwhile, or the hall revoked the old one
    hub.lose = ''
    expect(await stands(hub, kept, ({ at }) => at === 'ready' || at === 'code')).toMatchObject({ at: 'ready' })
    expect(kept.now.self?.certificate).toBe(`certificate of ${await key(kept.now.self)}`)
  })
})

test('what is signed names its purpose and the hall', async () => {
  const proof = await newProof()
  const signature = Uint8Array.from(atob(await sign(proof, 'renew', { challenge: 'c', hall: 'h' }, await digest(proof))), (c) => c.charCodeAt(0))
  expect(signature).toHaveLength(64)
  const good = (text: string) => crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, proof.pair.publicKey, signature, new TextEncoder().encode(text))
  const sum = await digest(proof)
  expect(sum).toMatch(/^[0-9a-f]{64}$/)
  expect(await good(`hallkeeper-screen\nrenew\nh\nc\n${sum}`)).toBe(true)
  expect(await good(`hallkeeper-screen\nsession\nh\nc\n${sum}`)).toBe(false)
})
