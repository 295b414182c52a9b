import type { PeriodAnswer, Scored, To, Words } from '../../assessment/types'
import { change, periodWords } from '../../assessment/words'
import { useI18n } from '../../i18n'

/** What the words of a period are taken from. */
type Named = Pick<PeriodAnswer, 'names' | 'rules' | 'grades'>

/** The parts of an assessment in words. */
export function useWords() {
  const { t, locale, join, article } = useI18n()
  const of = (words: Words | undefined, id = ''): string => (words ? (locale.value === 'en' ? words.en : words.zh) || id : id)
  const period = (name: string): string => periodWords(t, name)
  /** Who or what was assessed, as the answer calls it. */
  const name = (answer: Pick<Named, 'names'> | null, to: To, id: string): string => answer?.names?.[to]?.[id] || id
  const grade = (answer: Pick<Named, 'grades'> | null, id: string): string => of(answer?.grades?.[id], id)
  const rule = (answer: Pick<Named, 'rules'> | null, id: string): string => of(answer?.rules?.[id], id)
  const finding = (answer: Pick<Named, 'rules'> | null, one: Scored): string => `${one.day} ${rule(answer, one.rule)} ${change(one.counted)}`
  /** Words of the hub that begin with an id, as people call it: the computation itself knows no names. */
  function named(answer: Pick<Named, 'names'> | null, said: Words): string {
    const text = of(said)
    const id = /^[\w.-]+/.exec(text)?.[0] ?? ''
    const called = answer?.names?.person?.[id] ?? answer?.names?.window?.[id] ?? answer?.names?.department?.[id]
    return called ? `${called}${text.slice(id.length)}` : text
  }
  const articles = (cited: readonly string[]): string => join(cited.map(article))

  return { of, period, name, grade, rule, finding, named, articles, article }
}
