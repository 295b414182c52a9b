import type { Result } from '../../api/client'

/** What an ActionDialog asks for and does. */
export interface Form {
  readonly title: string
  readonly text?: string
  /** The words of its button; "Save" without them. */
  readonly confirm?: string
  /** What is said when it is done; "Saved" without it. */
  readonly done?: string
  /** It destroys or interrupts something. */
  readonly grave?: boolean
  readonly fields: readonly Field[]
  action(values: Values): Promise<Result<unknown>>
}

/** One field of a form. */
export interface Field {
  readonly name: string
  readonly label: string
  readonly kind: 'text' | 'long' | 'date' | 'time' | 'number' | 'password' | 'choice' | 'many' | 'check'
  readonly value?: string
  /** What may be chosen, of a choice or of many. */
  readonly options?: readonly Option[]
  /** The most characters of a long text; 500 without it. */
  readonly most?: number
  /** Said under the field. */
  readonly hint?: string
  /** Shown and not to be changed. */
  readonly fixed?: boolean
  /** Whether the field is asked for, given the others; always without it. */
  readonly when?: (values: Values) => boolean
}

export interface Option { readonly value: string; readonly label: string }

/** What was entered, by field: 'yes' or '' of a check, ids with commas between them of many. */
export type Values = { [name: string]: string }

/** Takes the chosen ids of a field of many. */
export function chosen(value: string | undefined): string[] {
  return (value ?? '').split(',').filter((id) => id !== '')
}

/** Options of people, with a first one for nobody where that may be. */
export function peopleOf(rows: readonly { id: string; name: string }[], nobody?: string): Option[] {
  const all = rows.map(({ id, name }) => ({ value: id, label: `${name} ${id}` }))
  return nobody === undefined ? all : [{ value: '', label: nobody }, ...all]
}
