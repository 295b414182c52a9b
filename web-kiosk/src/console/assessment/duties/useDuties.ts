import { computed, shallowRef } from 'vue'
import { bySign } from '../../../components/marks'
import { useI18n } from '../../../i18n'
import { useLive } from '../../../live/useLive'
import { useConsole } from '../../context'
import { peopleOf, type Field, type Form, type Option, type Values } from '../../dialogs/fields'
import type { Department, StaffRow } from '../../types'
import { useData } from '../../useData'
import type { Entry } from './types'

/** What the forms of obligations choose from, and the form that is open. */
export function useDuties() {
  const { t } = useI18n()
  const { live } = useLive()
  const { api, may, session } = useConsole()
  const departmentList = useData<{ departments: Department[] }>(api, () => 'departments')
  const staffList = useData<{ staff: StaffRow[] }>(api, () => 'staff')
  const form = shallowRef<Form | null>(null)

  const today = computed(() => live.value?.hall.day ?? '')
  const departments = computed<Option[]>(() => (departmentList.data.value?.departments ?? []).map(({ id, name }) => ({ value: id, label: name })))
  const windows = computed<Option[]>(() => bySign(Object.values(live.value?.windows ?? {})).map(({ id, number, name }) => ({ value: id, label: `${number} ${name}` })))
  const people = computed(() => (staffList.data.value?.staff ?? []).filter((row) => !row.departed))
  const services = computed<Option[]>(() => Object.values(live.value?.services ?? {}).map(({ id, name }) => ({ value: id, label: name })))

  const pick = (name: string, label: string, options: readonly Option[], nothing?: string, when?: Field['when']): Field => {
    const all = nothing === undefined ? options : [{ value: '', label: nothing }, ...options]
    return { name, label, kind: 'choice', options: all, value: all[0]?.value ?? '', ...(when ? { when } : {}) }
  }
  const fields = {
    day: (name = 'date', label = t('me.day'), value = today.value): Field => ({ name, label, kind: 'date', value }),
    text: (label = t('duty.text'), name = 'text'): Field => ({ name, label, kind: 'long', most: 2_000 }),
    reason: (): Field => ({ name: 'reason', label: t('day.reason'), kind: 'long' }),
    document: (hint?: string): Field => ({ name: 'document', label: t('duty.document'), kind: 'text', ...(hint ? { hint } : {}) }),
    window: (nothing?: string, when?: Field['when']) => pick('window', t('inspect.window'), windows.value, nothing, when),
    department: (nothing?: string, when?: Field['when']) => pick('department', t('assess.department'), departments.value, nothing, when),
    staff: (nothing?: string, when?: Field['when']) => pick('staff', t('inspect.staff'), peopleOf(people.value), nothing, when),
    service: (nothing?: string) => pick('service', t('duty.service'), services.value, nothing),
    pick,
    /** One of several kinds of whom something is for, and then which. */
    unit(kinds: readonly ('department' | 'window' | 'staff')[]): Field[] {
      const label = { department: t('assess.to.department'), window: t('assess.to.window'), staff: t('assess.to.person') }
      return [
        pick('whom', t('duty.whom'), kinds.map((value) => ({ value, label: label[value] }))),
        ...kinds.map((kind) => fields[kind](undefined, (values: Values) => values['whom'] === kind)),
      ]
    },
  }

  /** Sends what was filled in; empty fields and the choice of a kind are left out. */
  function send(method: 'POST' | 'PUT', path: string) {
    return (values: Values) => api.change(method, path, Object.fromEntries(Object.entries(values).map(([name, value]) => [name, value.trim()]).filter(([name, value]) => name !== 'whom' && value !== '')))
  }

  /** Takes back what was entered by mistake. */
  function withdraw(entry: Pick<Entry, 'id'>): void {
    form.value = { title: t('duty.withdraw'), text: t('duty.withdraw.text'), confirm: t('duty.withdraw'), grave: true, fields: [fields.reason()], action: send('POST', `duty-entries/${encodeURIComponent(entry.id)}/withdraw`) }
  }

  return { t, api, may, session, live, form, today, departments, windows, people, fields, send, withdraw }
}
