import { initial, step, type LiveEvent, type LiveState } from './machine'

/** What the driver needs of a browser, so that tests can stand in for it. */
export interface Surroundings {
  /** Opens the live socket. */
  open(): WebSocket
  /** A clock that never jumps, in milliseconds. */
  now(): number
  random(): number
  /** Calls back a few times a second; returns the way to stop it. */
  every(call: () => void): () => void
}

/** Ticks are finer than the second that pages show, so that seconds turn evenly. */
const TICK = 200

export function browserSurroundings(address: string): Surroundings {
  return {
    open: () => new WebSocket(address),
    now: () => performance.now(),
    random: () => Math.random(),
    every(call) {
      const timer = setInterval(call, TICK)
      // A hidden page's timers sleep: look at once when it is shown again.
      document.addEventListener('visibilitychange', call)
      return () => {
        clearInterval(timer)
        document.removeEventListener('visibilitychange', call)
      }
    },
  }
}

/** The address of the live socket of the hub that served this page. */
export function liveAddress(page: Location): string {
  return `${page.protocol === 'https:' ? 'wss:' : 'ws:'}//${page.host}/ws/live`
}

/**
 * Runs the state machine on one socket and tells each new state. `onTick` is
 * called on every tick also where nothing changed, with the way to say something
 * to the hub. Returns the way to stop.
 */
export function runLive(around: Surroundings, onState: (state: LiveState) => void, onTick: (now: number, say: (text: string) => void) => void): () => void {
  let state = initial(around.now())
  let socket: WebSocket | null = null

  const drop = () => {
    const old = socket
    socket = null
    if (old === null) return
    old.onopen = old.onmessage = old.onclose = old.onerror = null
    old.close()
  }
  const feed = (event: LiveEvent) => {
    const { state: next, effect } = step(state, event, around.now(), around.random())
    const changed = next !== state
    state = next
    if (effect !== null) drop()
    if (effect === 'open') connect()
    if (changed) onState(state)
  }
  const connect = () => {
    const mine = around.open()
    socket = mine
    mine.onmessage = (message) => {
      if (typeof message.data === 'string') feed({ type: 'message', text: message.data })
    }
    // An error is always followed by close.
    mine.onclose = () => feed({ type: 'closed' })
  }
  const tick = () => {
    feed({ type: 'tick' })
    onTick(around.now(), (text) => { if (socket?.readyState === WebSocket.OPEN) socket.send(text) })
  }
  const stop = around.every(tick)
  tick()
  return () => {
    stop()
    drop()
  }
}
