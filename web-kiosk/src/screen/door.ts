import type { Api, Result } from '../api/client'
import type { Keep, Kept } from './keep'
import { digest, newProof, publicKey, sign, type Challenge, type Proof } from './proof'
import type { Asked, ScreenSession } from './types'

/** Where a screen stands with its hub. */
export type Standing =
  | { at: 'checking' }
  /** The hub is not reached, or answers that it can't now. */
  | { at: 'away' }
  /** It waits for a person who types the code. `ended` says why a screen that was one is none any more. */
  | { at: 'code'; code: string; left: number; console: string; ended: Ended | null }
  | { at: 'ready'; screen: ScreenSession }
  /** It has no key, and the page needs none. */
  | { at: 'stranger' }

export type Ended = 'removed' | 'expired'

/** What the door needs of the world; tests give their own. */
export interface World {
  api: Api
  keep: Keep
  now: () => number
  wait: (ms: number) => Promise<void>
  tell: (standing: Standing) => void
  page: string
}

/** How often a screen asks whether its code was typed, and looks whether it is still one, in milliseconds. */
export const POLL = 2_000
export const LOOK = 5_000
const AGAIN = 3_000
/** A session is renewed when half of it is over. */
const HALF = 6 * 60 * 60_000

export interface Door {
  /** Goes on until stopped. */
  run(): Promise<void>
  /** Proves itself again now: its session was not good any more. True where it is one again. */
  again(): Promise<boolean>
  /** Is no enrolled screen any more, where the page needs none. */
  forget(): Promise<void>
  stop(): void
}

type Outcome = { is: 'ready'; screen: ScreenSession } | { is: 'ended'; why: Ended } | { is: 'away' }

/**
 * Brings a screen in: with its key where it has one, with a code otherwise. `need`
 * is whether the page is nothing without that; a lobby screen asks for no code.
 */
export function createDoor(world: World, need: boolean): Door {
  const { api, keep, now, wait, tell } = world
  let stopped = false
  let under: Promise<Outcome> | null = null
  let kept: Kept = { self: null, next: null }

  const challenge = () => api.change<Challenge>('POST', 'screens/challenge')
  async function put(next: Kept): Promise<void> {
    await keep.save(next)
    kept = next
  }

  /** Opens a session with the key and certificate that are kept. */
  async function enter(proof: Proof): Promise<Result<ScreenSession>> {
    const given = await challenge()
    if (!given.ok) return given
    return api.change<ScreenSession>('POST', 'screens/session', {
      certificate: proof.certificate ?? '', challenge: given.data.challenge, signature: await sign(proof, 'session', given.data),
    })
  }

  /** Asks to be enrolled; whoever was confirmed before is given the certificate. */
  async function ask(proof: Proof): Promise<Result<Asked>> {
    const given = await challenge()
    if (!given.ok) return given
    return api.change<Asked>('POST', 'screens/ask', {
      public_key: await publicKey(proof), challenge: given.data.challenge, proof: await sign(proof, 'key', given.data), page: world.page.slice(0, 64),
    })
  }

  async function prove(): Promise<Outcome> {
    if (!kept.self?.certificate) return { is: 'ended', why: 'removed' }
    let answer = await enter(kept.self)
    if (!answer.ok && answer.trouble.code === 'screen_challenge') answer = await enter(kept.self) // it was a slow minute
    if (answer.ok) {
      if (answer.data.renew) await renew(kept.self)
      return { is: 'ready', screen: answer.data }
    }
    if (answer.trouble.status !== 401) return { is: 'away' }
    if (kept.next) { // the answer to a renewal was lost: whoever has the key may have the certificate
      const found = await ask(kept.next)
      if (!found.ok) return { is: 'away' }
      if (found.data.state === 'confirmed' && found.data.certificate) {
        await put({ self: { ...kept.next, certificate: found.data.certificate }, next: null })
        return prove()
      }
    }
    return { is: 'ended', why: answer.trouble.code === 'screen_removed' ? 'removed' : 'expired' }
  }

  /** Makes another key and has it certified by the present one; what fails is tried again with the next session. */
  async function renew(self: Proof): Promise<void> {
    const next = kept.next ?? await newProof()
    await put({ self, next }) // before the hub knows of it
    const given = await challenge()
    if (!given.ok) return
    const answer = await api.change<{ certificate: string }>('POST', 'screens/renew', {
      certificate: self.certificate ?? '', challenge: given.data.challenge, signature: await sign(self, 'renew', given.data, await digest(next)),
      public_key: await publicKey(next), proof: await sign(next, 'key', given.data),
    })
    if (!answer.ok) return
    await put({ self: { ...next, certificate: answer.data.certificate }, next: null })
    await enter(kept.self as Proof)
  }

  /** One proof at a time, whoever wants it. */
  function proven(): Promise<Outcome> {
    under ??= prove().finally(() => { under = null })
    return under
  }

  /** Shows a code until somebody has typed it. */
  async function enrol(ended: Ended | null): Promise<void> {
    if (ended !== null || !kept.self) await put({ self: await newProof(), next: null })
    while (!stopped) {
      const asked = await ask(kept.self as Proof)
      if (!asked.ok) {
        tell({ at: 'away' })
        await wait(AGAIN)
        continue
      }
      let answer = asked.data
      while (!stopped && answer.state === 'waiting') {
        tell({ at: 'code', code: answer.code ?? '', left: answer.left ?? 0, console: answer.console_url ?? '', ended })
        await wait(POLL)
        const found = await api.read<Asked>(`screens/asked/${answer.request ?? ''}`)
        if (found.ok) answer = found.data
        else if (found.trouble.status === 404) break // over: another code
      }
      if (answer.certificate) {
        await put({ self: { ...(kept.self as Proof), certificate: answer.certificate }, next: null })
        return
      }
    }
  }
  async function run(): Promise<void> {
    kept = await keep.load()
    let ended: Ended | null = null
    while (!stopped) {
      if (!kept.self?.certificate) {
        if (!need && ended === null) return tell({ at: 'stranger' })
        await enrol(ended)
        ended = null
        continue
      }
      const outcome = await proven()
      if (outcome.is === 'away') {
        tell({ at: 'away' })
        await wait(AGAIN)
      } else if (outcome.is === 'ended') {
        ended = outcome.why
        kept = { self: null, next: null }
      } else {
        tell({ at: 'ready', screen: outcome.screen })
        await watch(outcome.screen)
      }
    }
  }

  /** Returns when the screen has to prove itself again. */
  async function watch(screen: ScreenSession): Promise<void> {
    const until = now() + HALF
    while (!stopped && now() < until) {
      await wait(LOOK)
      const answer = await api.read<{ account?: string; use?: string }>('session')
      if (answer.ok && !(answer.data.use && answer.data.account === screen.screen) && !isPerson(answer.data)) return
    }
  }
  // Somebody may sign in on a screen, as at a window's computer; then the hub answers of them.
  const isPerson = (who: { account?: string; use?: string }) => who.account !== undefined && who.account !== '' && who.use === undefined

  return {
    run,
    async again() {
      const outcome = await proven()
      return outcome.is === 'ready'
    },
    async forget() {
      stopped = true
      await put({ self: null, next: null })
      tell({ at: 'stranger' })
    },
    stop: () => { stopped = true },
  }
}
