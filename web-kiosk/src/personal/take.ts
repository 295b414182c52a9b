import { ref, shallowRef } from 'vue'
import { explain, type Trouble } from '../api/client'
import { useI18n } from '../i18n'

/** Takes along what is held about somebody: a file that a POST answers with, since the export is an event and no link can ask for it. */
export function useTake() {
  const { t, locale } = useI18n()
  const busy = ref(false)
  const fault = shallowRef<Trouble | null>(null)

  async function take(path: string, body: { reason?: string } = {}): Promise<boolean> {
    if (busy.value) return false
    busy.value = true
    fault.value = null
    try {
      const response = await fetch(`/api/v1/${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json', 'Accept-Language': locale.value }, body: JSON.stringify(body) })
      if (response.ok) save(await response.blob(), `personal-${new Date().toISOString().slice(0, 10)}.zip`)
      else fault.value = explain(response.status, await response.json().catch(() => null), locale.value)
    } catch {
      fault.value = { status: 0, text: t('problem.network'), instance: undefined, fields: {} }
    }
    busy.value = false
    return !fault.value
  }

  return { busy, fault, take }
}

function save(file: Blob, name: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(file)
  link.download = name
  link.click()
  URL.revokeObjectURL(link.href)
}
