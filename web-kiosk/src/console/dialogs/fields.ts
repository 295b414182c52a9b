/** One field of an ActionDialog. */
export interface Field {
  readonly name: string
  readonly label: string
  readonly kind: 'text' | 'long' | 'date' | 'time' | 'number' | 'choice'
  readonly value?: string
  readonly options?: readonly { value: string; label: string }[]
}

export type Values = { [name: string]: string }

/** Options of people, with a first one for nobody where that may be. */
export function peopleOf(rows: readonly { id: string; name: string }[], nobody?: string): { value: string; label: string }[] {
  const all = rows.map(({ id, name }) => ({ value: id, label: `${name} ${id}` }))
  return nobody === undefined ? all : [{ value: '', label: nobody }, ...all]
}
