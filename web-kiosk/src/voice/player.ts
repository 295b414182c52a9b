const files = import.meta.glob<string>('./clips/*.opus', { query: '?url&no-inline', import: 'default', eager: true })

/** The addresses of the clips by name. */
export const clips: ReadonlyMap<string, string> = new Map(Object.entries(files).map(([path, url]) => [path.replace(/^.*\/|\.opus$/g, ''), url]))

/** Between two clips, in seconds. */
const PAUSE = 0.03

/** Plays clips one after the other. A page has one for its whole life, because Chromium leaks an AudioContext for each. */
export interface Player {
  /** True where the browser lets nothing sound before somebody touches the page. */
  readonly blocked: () => boolean
  readonly onChange: (heard: () => void) => void
  /** Plays to the end; clips that cannot be had are left out. Gives the names that sounded. */
  readonly play: (names: readonly string[], volume: number) => Promise<string[]>
  readonly resume: () => Promise<void>
}

export function createPlayer(): Player {
  const context = new AudioContext()
  const gain = context.createGain()
  gain.connect(context.destination)
  const decoded = new Map<string, Promise<AudioBuffer | null>>()

  const load = (name: string): Promise<AudioBuffer | null> => {
    const known = decoded.get(name)
    if (known) return known
    const made = fetchClip(context, name).catch(() => {
      decoded.delete(name) // the hub may be there again next time
      return null
    })
    decoded.set(name, made)
    return made
  }
  // All of them now: a hall whose hub is away still knows how to speak.
  for (const name of clips.keys()) void load(name)

  return {
    blocked: () => context.state !== 'running',
    onChange: (heard) => context.addEventListener('statechange', heard),
    resume: () => context.resume(),
    async play(names, volume) {
      const buffers = await Promise.all(names.map(load))
      gain.gain.value = volume
      let at = context.currentTime + 0.05
      const sounded: string[] = []
      const nodes: AudioBufferSourceNode[] = []
      for (const [i, buffer] of buffers.entries()) {
        const name = names[i]
        if (!buffer || name === undefined) continue
        const node = context.createBufferSource()
        node.buffer = buffer
        node.connect(gain)
        node.start(at)
        nodes.push(node)
        sounded.push(name)
        at += buffer.duration + PAUSE
      }
      const last = nodes.at(-1)
      if (!last) return sounded
      await Promise.race([
        new Promise((done) => { last.onended = done }),
        // A sound card that was pulled out never ends anything.
        new Promise((done) => setTimeout(done, (at - context.currentTime + 2) * 1_000)),
      ])
      for (const node of nodes) node.disconnect()
      return sounded
    },
  }
}

async function fetchClip(context: AudioContext, name: string): Promise<AudioBuffer> {
  const url = clips.get(name)
  if (!url) throw new Error(`no clip is called ${name}`)
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
  return context.decodeAudioData(await answer.arrayBuffer())
}
