// What takes two people, and who did what, in a real hall: one proposes, another
// confirms, each signed in in a browser of their own; an auditor sees it all.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, launch, shoot } from './fixture/browser.mjs'
import { unfit } from './fixture/fit.mjs'
import { Hall } from './fixture/hall-programs.mjs'
import { account, administrator, consoleOf, section, submit } from './fixture/people.mjs'

const text = readFileSync(join(import.meta.dirname, '../../policies/63.yaml'), 'utf8')
const desk = { viewport: { width: 1440, height: 900 } }
let browser
before(async () => { browser = await launch() })
after(() => browser.close())

const waiting = (page) => page.locator('[data-proposal][data-state="open"]')
async function judge(page, name) {
  await shoot(page, name)
  await assertAccessible(page, name)
  assert.deepEqual(await unfit(page), [], name)
}
const code = async (answer) => [answer.status(), (await answer.json()).code]

/** The second person confirms the only thing that waits. */
async function confirmed(second) {
  await waiting(second).waitFor()
  await second.locator('[data-confirm]').click()
  await submit(second, {}, '确认')
  await waiting(second).waitFor({ state: 'detached' })
}

describe('two people', () => {
  test('adopt a policy and take figures back; the first cannot confirm, the auditor sees all and changes nothing', { timeout: 300_000 }, async () => {
    const hall = new Hall()
    try {
      await hall.startHub()
      await administrator(browser, hall)
      await account(browser, hall, 'duban', { name: '演示督导', role: 'supervisor' })
      await account(browser, hall, 'shenji', { name: '演示审计员', role: 'auditor' })
      const [first, second, auditor] = await Promise.all(['admin', 'duban', 'shenji'].map((id) => consoleOf(browser, hall, id, 'proposals', desk)))

      // One proposes a policy.
      await section(first, 'policies')
      await first.locator('[data-new]').click()
      await first.locator('[data-sound]').waitFor()
      await first.locator('textarea').fill(text.replace('version: "1.0.0"', 'version: "1.0.1"'))
      await first.locator('[data-sound]').getByText('1.0.1').waitFor()
      await first.locator('[data-adopt]:not([disabled])').click()
      await submit(first, { from: '2021-01-01', document: '演示通过〔2026〕1号' }, '通过并适用')
      await waiting(first).waitFor()
      const id = await waiting(first).getAttribute('data-proposal')
      assert.equal(await first.locator('[data-confirm], [data-decline]').count(), 0, 'nobody confirms what they propose')
      assert.match(await first.locator('[data-days]').innerText(), /14 天内/)
      const path = `${hall.http}/api/v1/proposals/${id}`
      assert.deepEqual(await code(await first.request.post(`${path}/confirm`)), [409, 'same_person'])

      // The auditor reads it and has nothing to press.
      await waiting(auditor).waitFor()
      assert.match(await waiting(auditor).innerText(), /1\.0\.1[\s\S]*admin/)
      assert.equal(await auditor.locator('[data-confirm], [data-decline], [data-withdraw-proposal]').count(), 0)
      for (const act of ['confirm', 'decline', 'withdraw']) assert.deepEqual(await code(await auditor.request.post(`${path}/${act}`, { data: {} })), [403, 'not_permitted'])

      // Another looks at what it changes, and confirms.
      await waiting(second).waitFor()
      await second.locator('[data-compare]').click()
      await second.locator('[data-difference] .hunk').first().waitFor()
      await judge(second, 'console-proposals')
      await second.setViewportSize({ width: 390, height: 844 })
      await judge(second, 'console-proposals-phone')
      await second.setViewportSize(desk.viewport)
      await confirmed(second)
      await section(first, 'policies')
      await first.locator('[data-policy$="@1.0.1"]').waitFor()

      // Published figures are taken back by the same way, proposed by the other.
      const month = (await hall.get('live')).hall.day.slice(0, 7)
      await hall.send('POST', 'ratings/publications', { period: month })
      await section(second, 'publications')
      await second.locator(`[data-publication="${month}"] [data-unpublish]`).click()
      await submit(second, { reason: '补传的评价尚未到齐' }, '撤下')
      const shown = async () => (await (await fetch(`${hall.http}/api/v1/ratings/publications`)).json())
      assert.equal((await shown()).publications.length, 1, 'nothing has changed yet')
      await section(first, 'proposals')
      await confirmed(first)
      await second.locator(`[data-publication="${month}"] [data-withdrawn]`).getByText('补传的评价尚未到齐').waitFor()
      const now = await shown()
      assert.deepEqual([now.publications.length, now.withdrawn.map(({ period, why }) => [period, why])], [0, [[month, '补传的评价尚未到齐']]])

      // What was exported is in the audit, with who did it and from where.
      assert.equal((await second.request.get(`${hall.http}/api/v1/cases/export?format=csv`)).status(), 200)
      await section(auditor, 'audit')
      await auditor.locator('[data-kind="exported"]').getByText('duban').waitFor()
      for (const kind of ['proposal.made', 'proposal.confirmed', 'policy.adopted', 'rating.unpublished', 'access.refused']) await auditor.locator(`[data-entry][data-kind="${kind}"]`).first().waitFor()
      assert.match(await auditor.locator('[data-kind="policy.adopted"]').first().innerText(), /duban[\s\S]*由 admin 提出[\s\S]*127\.0\.0\.1/)
      await judge(auditor, 'console-audit')
      await auditor.locator('[name="kind"]').fill('proposal')
      await auditor.locator('[name="person"]').fill('admin')
      await auditor.locator('[data-find]').click()
      await auditor.locator('[data-kind="exported"]').waitFor({ state: 'detached' })
      assert.deepEqual([...new Set(await auditor.locator('[data-entry]').evaluateAll((all) => all.map((e) => e.dataset.kind.split('.')[0])))], ['proposal'])
      await auditor.locator('[data-record]').first().click()
      await auditor.locator('[data-record-text]').getByText('proposal.').first().waitFor()
      await auditor.keyboard.press('Escape')
      await auditor.setViewportSize({ width: 390, height: 844 })
      await judge(auditor, 'console-audit-phone')
      for (const page of [first, second, auditor]) await page.done()
    } finally {
      await hall.stop()
    }
  })
})
