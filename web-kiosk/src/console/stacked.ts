import type { Directive } from 'vue'

/**
 * A table whose rows are cards on a phone, with the heading of a column before each
 * value: nothing slides, and a row's buttons are in sight. See section.css.
 */
export const vStacked: Directive<HTMLTableElement> = { mounted: label, updated: label }

function label(table: HTMLTableElement): void {
  const heads = [...(table.tHead?.rows[0]?.cells ?? [])].map((cell) => (cell.querySelector('.unseen') ? '' : (cell.textContent ?? '').trim()))
  for (const row of table.tBodies[0]?.rows ?? []) {
    for (const [n, cell] of [...row.cells].entries()) {
      const head = heads[n] ?? ''
      if (n > 0 && head !== '' && cell.dataset['label'] !== head) cell.dataset['label'] = head
    }
  }
}
