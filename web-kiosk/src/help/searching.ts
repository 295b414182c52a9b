import { excerpt, Index, type Section } from './search'

/** The field above every page: what is typed is looked for as it is typed, and the page makes room for what is found. */
export function searching(form: HTMLFormElement, results: HTMLElement, content: HTMLElement): void {
  const input = form.querySelector('input')
  if (!input) return
  const { found = '', none = '', failed = '', index: address = '', base = '' } = form.dataset
  let index: Promise<Index> | undefined
  let asked = 0

  /** Fetched when somebody begins to search; asked for again where it failed. */
  async function load(): Promise<Index> {
    index ??= fetch(address).then(async (response) => {
      if (!response.ok) throw new Error(`${response.status}`)
      return new Index((await response.json()) as Section[])
    })
    try {
      return await index
    } catch (error) {
      index = undefined
      throw error
    }
  }

  const say = (text: string) => {
    const line = document.createElement('p')
    line.className = 'count'
    line.textContent = text
    return line
  }

  async function look(): Promise<void> {
    const question = input?.value.trim() ?? ''
    const turn = ++asked
    const searched = question !== ''
    if (!searched) {
      results.hidden = true
      content.hidden = false
      results.replaceChildren()
      return
    }
    let shown: Node[]
    try {
      const hits = (await load()).find(question)
      shown = hits.length === 0 ? [say(none.replace('{q}', question))] : [say(found.replace('{n}', String(hits.length))), list(hits.map(({ section }) => section), question)]
    } catch {
      shown = [say(failed)]
    }
    if (turn !== asked) return // somebody has typed on
    results.replaceChildren(...shown)
    results.hidden = false
    content.hidden = true
  }

  function list(sections: readonly Section[], question: string): HTMLElement {
    const all = document.createElement('ol')
    for (const section of sections) {
      const link = document.createElement('a')
      link.href = `${base}${section.p}${section.a === '' ? '' : `#${section.a}`}`
      const title = document.createElement('strong')
      title.textContent = section.h === section.t ? section.t : `${section.t} › ${section.h}`
      link.append(title)
      const row = document.createElement('li')
      const text = document.createElement('p')
      for (const part of excerpt(section, question)) {
        if (!part.hit) {
          text.append(part.text)
          continue
        }
        const mark = document.createElement('mark')
        mark.textContent = part.text
        text.append(mark)
      }
      row.append(link, text)
      all.append(row)
    }
    return all
  }

  input.addEventListener('input', () => void look())
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    void look().then(() => results.querySelector<HTMLElement>('a')?.focus())
  })
  // A hit on the page that is open only moves it: the page comes back.
  results.addEventListener('click', (event) => {
    if (!(event.target as Element).closest('a')) return
    input.value = ''
    void look()
  })
  form.hidden = false
  const wished = new URLSearchParams(location.search).get('q')
  if (wished) {
    input.value = wished
    void look()
  }
}
