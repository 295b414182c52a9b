/**
 * Search through the handbook without a server: Chinese has no spaces between words, so
 * texts are told by pairs of signs (bigrams), Latin words and numbers by the whole word
 * and by its beginnings.
 */

/** A heading and what stands below it, as tools/handbook writes it. */
export interface Section {
  /** The page, empty for the contents. */
  readonly p: string
  readonly a: string
  /** The page's title, the section's heading, its text. */
  readonly t: string
  readonly h: string
  readonly x: string
}

export interface Hit {
  readonly section: Section
  readonly score: number
}

const han = /\p{Script=Han}/u

/** The terms of a text: a pair for each two Han signs beside each other, a lone sign by itself, words in lower case. */
export function terms(text: string): string[] {
  const out: string[] = []
  for (const [run] of text.toLowerCase().normalize('NFKC').matchAll(/\p{Script=Han}+|[\p{L}\p{N}_]+/gu)) {
    if (!han.test(run)) {
      out.push(run)
      continue
    }
    const signs = [...run]
    if (signs.length === 1) out.push(run)
    for (let i = 0; i + 1 < signs.length; i++) out.push(`${signs[i]}${signs[i + 1]}`)
  }
  return out
}

interface Entry {
  readonly section: Section
  readonly body: Map<string, number>
  readonly head: Set<string>
  readonly whole: string
}

function counted(list: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const term of list) counts.set(term, (counts.get(term) ?? 0) + 1)
  return counts
}

export class Index {
  readonly #entries: Entry[]

  constructor(sections: readonly Section[]) {
    this.#entries = sections.map((section) => ({
      section,
      body: counted(terms(section.x)),
      head: new Set(terms(`${section.t} ${section.h}`)),
      whole: `${section.h} ${section.x}`.toLowerCase().normalize('NFKC'),
    }))
  }

  /** The sections that have every term of the question, the likeliest first. */
  find(question: string, most = 20): Hit[] {
    const asked = [...new Set(terms(question))]
    if (asked.length === 0) return []
    const phrase = question.trim().toLowerCase().normalize('NFKC')
    const total = this.#entries.length
    const found = asked.map((term) => {
      const times = this.#entries.map((entry) => count(entry, term))
      const among = times.filter((n) => n > 0).length
      return { times, rarity: among === 0 ? 0 : Math.log(1 + total / among) }
    })
    return this.#entries.flatMap((entry, i) => {
      if (found.some(({ times }) => times[i] === 0)) return []
      let score = 0
      for (const [k, { times, rarity }] of found.entries()) {
        const n = times[i] ?? 0
        score += rarity * (n / (n + 1.5) + (inHead(entry, asked[k] ?? '') ? 2 : 0))
      }
      if (entry.whole.includes(phrase)) score *= 1.5
      return [{ section: entry.section, score }]
    }).sort((a, b) => b.score - a.score).slice(0, most)
  }
}

/** A Latin word counts where one begins with it: cert finds certificate. */
function count({ body, head }: Entry, term: string): number {
  const exact = (body.get(term) ?? 0) + (head.has(term) ? 1 : 0)
  if (exact > 0 || han.test(term)) return exact > 0 ? exact : loneSign(body, head, term)
  if (term.length < 2) return 0
  let n = 0
  for (const [word, times] of body) if (word.startsWith(term)) n += times
  for (const word of head) if (word.startsWith(term)) n++
  return n
}

/** One Han sign alone is looked for in the pairs. */
function loneSign(body: Map<string, number>, head: Set<string>, term: string): number {
  if ([...term].length !== 1) return 0
  let n = 0
  for (const [pair, times] of body) if (pair.startsWith(term)) n += times
  for (const pair of head) if (pair.includes(term)) n++
  return n
}

function inHead({ head }: Entry, term: string): boolean {
  return head.has(term) || (!han.test(term) && [...head].some((word) => word.startsWith(term)))
}

/** A piece of a section round the first place that the question names, cut into what is asked for and what is not. */
export function excerpt(section: Section, question: string, length = 90): { text: string; hit: boolean }[] {
  const words = question.trim().split(/\s+/).filter((word) => word !== '')
  const text = section.x
  const lower = text.toLowerCase()
  const wanted = [...new Set([...words, ...terms(question)])].sort((a, b) => b.length - a.length)
  const first = wanted.map((word) => lower.indexOf(word.toLowerCase())).find((at) => at >= 0) ?? 0
  const from = Math.max(0, first - Math.round(length / 3))
  const piece = `${from > 0 ? '…' : ''}${text.slice(from, from + length)}${from + length < text.length ? '…' : ''}`
  if (wanted.length === 0) return [{ text: piece, hit: false }]
  const pattern = new RegExp(`(${wanted.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('|')})`, 'giu')
  return piece.split(pattern).flatMap((part, i) => (part === '' ? [] : [{ text: part, hit: i % 2 === 1 }]))
}
