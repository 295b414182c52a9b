// What ratings lead to, against a real hall: a bad review becomes a case and is
// closed, an appeal takes a rating out of a month that was published, the lobby
// shows what was published.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, connection, launch, open, shoot } from './fixture/browser.mjs'
import { submit } from './fixture/people.mjs'
import { finish, phone, ratedHall, records, serve, signedIn, tabletOf, until, view } from './fixture/rating.mjs'

let browser, hall
before(async () => {
  browser = await launch({ kiosk: true })
  hall = await ratedHall(browser)
})
after(async () => {
  await hall.stop()
  await browser.close()
})

/** Somebody is served and presses the button of a level. */
async function rated(clerk, n) {
  await serve(clerk)
  const before = (await records(hall)).filter((row) => row.result === 'rated').length
  await until('it can be rated', async () => (await hall.get('live')).windows.w1.rating?.state === 'open')
  await hall.agent.press(`rating${n}`)
  await until('it counts', async () => (await records(hall)).filter((row) => row.result === 'rated').length === before + 1)
  await finish(clerk)
}

const dialog = (page) => page.getByRole('dialog')
const act = async (page, name, values, button = '保存') => {
  await page.locator(`[data-do="${name}"]`).click()
  await submit(page, values, button)
}

describe('a bad review', () => {
  test('with a reason becomes a case, is answered, rectified, revisited and closed', { timeout: 300_000 }, async () => {
    const clerk = await signedIn(browser, hall, '/window/w1', 'clerk')
    const screen = await tabletOf(browser, hall)
    await serve(clerk)
    await view(screen, 'choose')
    await screen.locator('[data-level="1"]').tap()
    await view(screen, 'reasons')
    await screen.locator('[data-reason="slow"]').tap()
    await screen.locator('[data-reason="unclear"]').tap()
    await screen.locator('[data-more]').tap()
    await screen.locator('[data-words]').fill('来了三趟，<img src=x onerror=alert(1)> 才办成')
    for (const digit of '13800000042') await screen.locator(`[data-key="${digit}"]`).tap()
    await screen.locator('[data-send]').tap()
    await view(screen, 'thanks')
    await finish(clerk)

    const console = await signedIn(browser, hall, '/console#/cases', 'chief')
    await console.waitForSelector('[data-case$="-000001"]', { timeout: 60_000 })
    const row = console.locator('[data-case$="-000001"]')
    await until('it has the reasons', async () => /评价器[\s\S]*非常不满意[\s\S]*办理太慢/.test(await row.innerText()))
    assert.match(await row.innerText(), /03号窗口[\s\S]*演示员一[\s\S]*民政局[\s\S]*前答复/)
    await assertAccessible(console, 'console, cases')
    await shoot(console, 'cases')
    await console.locator('[data-open$="-000001"]').click()
    const story = (state) => console.waitForSelector(`[data-case-story][data-state="${state}"]`)
    await story('open')
    await until('the words are there, as words', async () => /<img src=x onerror=alert\(1\)>/.test(await console.locator('.steps').innerText()))
    assert.equal(await console.locator('.steps img').count(), 0)
    assert.match(await console.locator('.steps').innerText(), /138\*\*\*\*0042/)
    assert.doesNotMatch(await console.locator('body').innerText(), /13800000042/, 'masked until somebody says why')
    await console.locator('[data-reveal-ask]').click()
    await console.locator('[data-reveal-send]').click()
    await console.waitForSelector('[data-reveal] [role="alert"]')
    await console.locator('[name="reveal-reason"]').fill('回访核实')
    await console.locator('[data-reveal-send]').click()
    await until('the number is there, whole', async () => /13800000042/.test(await console.locator('[data-revealed]').innerText()))
    await until('and who looked', async () => /回访核实/.test(await console.locator('[data-looks="1"]').innerText()))
    await assertAccessible(console, 'console, a case seen whole')

    await act(console, 'answer', { text: '已向群众说明并致歉。' })
    await story('answered')
    await act(console, 'extension', { days: '3', reason: '等上级回复' })
    await act(console, 'extend', { yes: 'yes', reason: '属实' }).catch(async () => { // whoever asked does not decide
      assert.match(await dialog(console).locator('[role="alert"]').innerText(), /两个人|自己/)
      await dialog(console).getByRole('button', { name: '取消' }).click()
    })
    await act(console, 'rectify', { text: '一次性告知单上墙，增设咨询台。' })
    await story('rectified')
    await act(console, 'revisit', { result: 'unsatisfied', text: '仍要排很久' })
    await story('answered') // back to be rectified
    await act(console, 'rectify', { text: '增开一个窗口。' })
    await story('rectified')
    await act(console, 'revisit', { result: 'satisfied', text: '满意' })
    await until('it was called', async () => /满意/.test(await console.locator('.facts').first().innerText()))
    await assertAccessible(console, 'console, a case')
    await shoot(console, 'case')
    await act(console, 'close', { result: 'rectified' })
    await story('closed')
    assert.equal(await console.locator('[data-do]').count(), 0, 'nothing is left to do')
    for (const page of [clerk, screen, console]) await page.done()
  })

  test('that the staff member appeals is excluded by two people, and the published month shows the difference', { timeout: 300_000 }, async () => {
    const clerk = await signedIn(browser, hall, '/window/w1', 'clerk')
    for (const n of [5, 5, 4, 5, 5, 1]) await rated(clerk, n)
    const chief = await signedIn(browser, hall, '/console#/publications', 'chief')
    const day = (await hall.get('live')).hall.day
    const publish = async (values) => {
      await chief.locator('[data-publish]').click()
      await submit(chief, values, '现在公布')
    }
    await chief.waitForSelector('[data-publish]')
    await publish({ what: 'month', month: day.slice(0, 7) })
    const month = (revision) => chief.locator(`[data-publication="${day.slice(0, 7)}"][data-revision="${revision}"]`)
    await month(1).waitFor()
    assert.match(await month(1).innerText(), /好评率 71\.4%，7 人评价/)

    const me = await signedIn(browser, hall, '/me', 'clerk', phone)
    const mine = me.locator('[data-my-cases] [data-case$="-000002"]')
    await until('the case is there', async () => (await hall.get('cases')).cases.some((one) => one.number.endsWith('-000002')))
    await me.reload()
    await me.waitForSelector('[data-my-cases]')
    assert.equal(await mine.count(), 0, 'nobody learns on the day itself how the citizen who has just left has rated')
    await hall.send('POST', 'policy/parameters/case_told_days', { value: 0, from: '2020-08-01', reference: '测试' }) // a hall that tells at once
    await until('the case is on the own page', async () => { await me.reload(); await me.waitForSelector('[data-my-cases]'); return mine.count() })
    assert.doesNotMatch(await me.locator('body').innerText(), /13800000042/, 'no citizen’s number')
    await mine.locator('[data-do="appeal"]').click()
    await mine.locator('textarea').fill('群众按错了键，当场说过。')
    await assertAccessible(me, 'own page, appeal')
    await shoot(me, 'me-appeal')
    await mine.locator('button.main').click()
    await mine.locator('[data-appeal-state]').waitFor()

    await chief.goto(`${hall.http}/console#/cases`)
    await chief.locator('[data-open$="-000002"]').click()
    await act(chief, 'appeal', { yes: 'yes', reason: '监控核实' })
    await act(chief, 'exclude', { why: 'mistaken', reason: '群众按错' }, '申请剔除')
    await chief.waitForSelector('[data-mark="exclusion"]')
    assert.equal(await chief.locator('[data-do="verdict"]').count(), 0, 'whoever proposes does not decide')

    const deputy = await signedIn(browser, hall, '/console#/ratings', 'deputy')
    await deputy.waitForSelector('[data-exclusion]')
    await assertAccessible(deputy, 'console, records')
    await shoot(deputy, 'ratings')
    await deputy.locator('[data-decide="approve"]').click()
    await submit(deputy, { reason: '同意' }, '同意剔除')
    await deputy.waitForSelector('[data-result="excluded"]')

    await chief.goto(`${hall.http}/console#/publications`)
    await chief.waitForSelector('[data-publish]')
    if (await month(2).count() === 0) await publish({ what: 'month', month: day.slice(0, 7) })
    await month(2).locator('[data-changes]').waitFor()
    assert.match(await month(2).locator('[data-changes]').innerText(), /已剔除由 0 改为 1[\s\S]*已评由 7 改为 6[\s\S]*非常不满意由 2 改为 1/)
    assert.match(await month(2).innerText(), /好评率 83\.3%，6 人评价/)
    await assertAccessible(chief, 'console, publications')
    await shoot(chief, 'publications')
    for (const page of [clerk, chief, me, deputy]) await page.done()
  })

  test('comes by hand from a hotline too', { timeout: 300_000 }, async () => {
    const chief = await signedIn(browser, hall, '/console#/cases', 'chief')
    await chief.waitForSelector('[data-enter]')
    await chief.locator('[data-enter]').click()
    await submit(chief, { source: 'hotline', department: 'civil', window: 'w1', phone: '13800000043', text: '排队两小时' }, '保存')
    const row = chief.locator('[data-case$="-000003"]')
    await row.waitFor()
    assert.match(await row.innerText(), /热线[\s\S]*民政局/)
    await chief.done()
  })
})

describe('indicators', () => {
  test('by window and person say how small samples are treated', { timeout: 300_000 }, async () => {
    const chief = await signedIn(browser, hall, '/console#/indicators', 'chief')
    await chief.waitForSelector('[data-sum]')
    for (const sum of await chief.locator('[data-sum]').all()) {
      const [whole, ...parts] = (await sum.locator('b').allInnerTexts()).map(Number)
      assert.equal(parts.reduce((a, b) => a + b, 0), whole, 'the figures add up as they stand there')
    }
    await chief.locator('.chart svg path').first().waitFor({ state: 'attached' })
    await assertAccessible(chief, 'console, indicators of the hall')
    await shoot(chief, 'indicators')
    await chief.locator('[data-by="staff"]').click()
    await chief.locator('[data-key="s1"]').waitFor()
    assert.match(await chief.locator('[data-shrinkage]').innerText(), /向全大厅平均靠拢[\s\S]*20/)
    assert.equal(await chief.locator('[data-key="s1"] [data-column="sample"]').innerText(), '6')
    await assertAccessible(chief, 'console, indicators by person')
    await shoot(chief, 'indicators-staff')
    for (const format of [0, 1]) {
      const book = await chief.request.get(await chief.locator('a.export').nth(format).getAttribute('href').then((href) => `${hall.http}${href}`))
      assert.equal(book.status(), 200)
    }
    await chief.locator('select[name="span"]').selectOption('year')
    await chief.locator('[data-period="before"]').click()
    await chief.waitForSelector('[data-indicators="empty"]')
    await chief.done()
  })

  test('have signs that are called signs, and reasons that can be edited', { timeout: 300_000 }, async () => {
    const chief = await signedIn(browser, hall, '/console#/signs', 'chief')
    await chief.waitForSelector('[data-signs-note]')
    assert.match(await chief.locator('[data-signs-note]').innerText(), /是迹象，不是结论/)
    await chief.locator('[data-sign="burst"]').waitFor() // six were served and rated within seconds
    assert.match(await chief.locator('[data-sign="burst"]').innerText(), /03号窗口 · 演示员一[\s\S]*\d+ 次评价一个紧接一个[\s\S]*核实/)
    await assertAccessible(chief, 'console, signs')
    await shoot(chief, 'signs')
    await chief.locator('[data-sign="burst"] a').click()
    await until('the records of the sign are shown', async () => await chief.locator('[data-table="records"] tbody tr').count() >= 6)
    await chief.goto(`${hall.http}/console#/reasons`)
    await chief.waitForSelector('[data-reason="slow"]')
    await chief.locator('[data-add]').click()
    const added = chief.locator('[data-table="reasons"] tbody tr').last()
    await added.locator('input').nth(0).fill('没有座位')
    await added.locator('input').nth(1).fill('Nowhere to sit')
    await added.locator('input').nth(2).fill('seats')
    await assertAccessible(chief, 'console, reasons')
    await shoot(chief, 'reasons')
    await chief.locator('[data-save]').click()
    await until('the list has it', async () => (await hall.get('ratings/reasons')).reasons.at(-1).id === 'seats')
    await chief.done()
  })
})

describe('in English', () => {
  test('the console’s ratings have words and pass axe', { timeout: 300_000 }, async () => {
    const chief = await signedIn(browser, hall, '/console#/hall', 'chief')
    for (const [section, heading] of [['indicators', 'Indicators'], ['ratings', 'Records of ratings'], ['cases', 'Bad reviews and complaints'], ['signs', 'Signs'], ['publications', 'Publications'], ['reasons', 'Reasons for bad ratings']]) {
      await chief.goto(`${hall.http}/console?lang=en#/${section}`)
      await connection(chief, 'live')
      await chief.getByRole('heading', { name: heading, level: 1 }).waitFor()
      await chief.waitForSelector('section.view[aria-busy="false"]')
      await assertAccessible(chief, `console in English, ${section}`)
      const words = await chief.locator('main').innerText()
      assert.doesNotMatch(words.replace(/婚姻登记|民政局|演示\S+|[^\n]*〔2019〕[^\n]*|群众按错|同意|没有座位/g, ''), section === 'reasons' ? /undefined/ : /[一-鿿]{3}/, section)
    }
    await chief.setViewportSize({ width: 390, height: 844 })
    await chief.goto(`${hall.http}/console?lang=zh#/indicators`)
    await chief.waitForSelector('[data-sum]')
    assert.ok(await chief.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page is no wider than a phone')
    await shoot(chief, 'indicators-phone')
    await chief.done()
  })
})

describe('the lobby', () => {
  test('shows the day’s published satisfaction with its sample in turn with the date, and no figure before', { timeout: 300_000 }, async () => {
    const lobby = await open(browser, `${hall.http}/lobby?volume=0`)
    await connection(lobby, 'live')
    const { satisfaction, hall: { day } } = await hall.get('live')
    assert.equal(satisfaction ?? null, null)
    assert.equal(await lobby.locator('[data-satisfaction]').count(), 0)
    await hall.send('POST', 'ratings/publications', { period: day })
    await lobby.waitForSelector('[data-satisfaction]', { timeout: 60_000 })
    assert.match(await lobby.locator('[data-satisfaction]').innerText(), /^截至 \d\d:\d\d 好评率 83\.3%，6 人评价$/)
    await assertAccessible(lobby, 'lobby, satisfaction')
    await lobby.done()
  })
})
