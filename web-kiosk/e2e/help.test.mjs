// The operator's handbook at /help, as a phone beside a cabinet, a desk and the duty
// room's wide screen show it: found, read, printed, and read without scripts.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { assertAccessible, launch, open, shoot } from './fixture/browser.mjs'
import { unfit } from './fixture/fit.mjs'
import { Hall } from './fixture/hall-programs.mjs'

const sizes = {
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
  desk: { viewport: { width: 1366, height: 768 } },
  wide: { viewport: { width: 1920, height: 1080 } },
}
const chapters = ['', 'wiring', 'first-hour', 'troubleshooting', 'window', 'decommissioning', 'drills', 'roles', 'firmware-config']

let browser, hall
before(async () => {
  browser = await launch()
  hall = new Hall()
  await hall.startHub()
})
after(async () => {
  await hall?.stop()
  await browser?.close()
})

/** Opens a page of the handbook where nothing but this hub can be reached; nobody is signed in. */
async function help(path, options) {
  const page = await open(browser, 'about:blank', options)
  const elsewhere = []
  await page.route('**', (route) => {
    if (route.request().url().startsWith(hall.http)) return route.continue()
    elsewhere.push(route.request().url())
    return route.abort()
  })
  await page.goto(`${hall.http}${path}`)
  const done = page.done
  page.done = async () => {
    await done()
    assert.deepEqual(elsewhere, [], 'the handbook needs no other machine')
  }
  return page
}

/** All pictures are there, and have the size that the page kept for them. */
async function assertPictures(page) {
  const broken = await page.evaluate(async () => {
    await Promise.all([...document.images].map((image) => image.decode().catch(() => undefined)))
    return [...document.images].filter((image) => image.naturalWidth === 0 || Math.abs(image.naturalWidth / image.naturalHeight - image.width / image.height) > 0.02).map((image) => image.src)
  })
  assert.deepEqual(broken, [])
}

describe('the handbook', () => {
  for (const [size, options] of Object.entries(sizes)) {
    test(`every chapter fits and is open to all, ${size}`, { timeout: 300_000 }, async () => {
      const found = []
      const page = await help('/help', options)
      assert.equal(new URL(page.url()).pathname, '/help/zh/', 'Chinese is read unless somebody asks for English')
      for (const chapter of chapters) {
        await page.goto(`${hall.http}/help/zh/${chapter}`)
        await page.waitForSelector('form[role="search"]:not([hidden])')
        await page.evaluate(() => document.fonts.ready)
        await assertPictures(page)
        found.push(...(await unfit(page)).map((what) => `${chapter}: ${what}`))
        await assertAccessible(page, `the handbook, ${chapter}`)
        await shoot(page, `help-${size}-${chapter || 'contents'}`)
      }
      await page.done()
      assert.deepEqual(found, [])
    })
  }

  test('what is asked for is found and leads to its place, without the internet', { timeout: 300_000 }, async () => {
    const page = await help('/help/zh/', sizes.desk)
    await page.getByRole('searchbox').fill('缺纸')
    await page.waitForSelector('#results li')
    assert.match(await page.locator('#results .count').innerText(), /找到 \d+ 处/)
    assert.ok(await page.locator('#results mark', { hasText: '缺纸' }).count() > 0, 'what was asked for is marked')
    await assertAccessible(page, 'what was found')
    assert.deepEqual(await unfit(page), [])
    await shoot(page, 'help-found')

    await page.getByRole('searchbox').fill('拔主机的电源')
    const hit = page.locator('#results a', { hasText: '拔主机的电源' }).first()
    await hit.click()
    await page.waitForURL(/\/help\/zh\/drills#/)
    const heading = page.getByRole('heading', { name: /拔主机的电源/ })
    await heading.waitFor()
    assert.ok(await heading.evaluate((one) => one.getBoundingClientRect().top >= document.querySelector('.top').getBoundingClientRect().bottom - 1), 'the heading is not under the bar')

    // A hit on the page that is open brings the page back.
    await page.getByRole('searchbox').fill('签字表')
    await page.locator('#results a', { hasText: '签字表' }).first().click()
    await page.getByRole('heading', { name: '签字表' }).waitFor()

    await page.getByRole('searchbox').fill('月球')
    await page.getByText('没有找到“月球”').waitFor()
    await page.getByRole('searchbox').fill('断电')
    await page.keyboard.press('Enter')
    await page.waitForFunction(() => document.activeElement?.closest('#results') !== null)
    await page.done()

    const asked = await help('/help/zh/?q=断电', sizes.phone)
    await asked.waitForSelector('#results li')
    await asked.done()
  })

  test('every page of the contents opens, in both languages', { timeout: 300_000 }, async () => {
    const page = await help('/help/zh/', sizes.desk)
    for (const language of ['zh', 'en']) {
      await page.goto(`${hall.http}/help/${language}/`)
      const links = await page.locator('#contents a').evaluateAll((all) => all.map((a) => a.getAttribute('href')).filter((href) => href.startsWith('/')))
      assert.ok(links.length > (language === 'zh' ? 35 : 20), `${links.length} pages in ${language}`)
      for (const link of links) {
        const answer = await page.request.get(`${hall.http}${link}`)
        assert.equal(answer.status(), 200, link)
      }
    }
    await page.goto(`${hall.http}/help/zh/devices`)
    await page.getByRole('link', { name: 'English' }).click()
    await page.waitForURL('**/help/en/devices')
    assert.equal(await page.locator('html').getAttribute('lang'), 'en')
    const lost = await page.request.get(`${hall.http}/help/zh/nothing`)
    assert.equal(lost.status(), 404)
    await page.done()
  })

  test('it is read without scripts, and printed without what only a screen needs', { timeout: 300_000 }, async () => {
    const bare = await help('/help/zh/troubleshooting', { ...sizes.desk, javaScriptEnabled: false })
    assert.match(await bare.locator('main').innerText(), /红灯闪 2 下/)
    assert.equal(await bare.getByRole('search').isVisible(), false, 'a field that does nothing is not shown')
    await bare.locator('#contents a', { hasText: '接线' }).first().click()
    await bare.waitForURL('**/help/zh/wiring')
    await bare.done()
    const page = await help('/help/zh/drills', sizes.desk)
    await page.emulateMedia({ media: 'print' })
    for (const part of ['.top', '#contents', '.turn']) assert.equal(await page.locator(part).isVisible(), false, part)
    assert.ok(await page.getByRole('heading', { name: '签字表' }).isVisible())
    await page.done()
  })

  test('doors lead to it', { timeout: 300_000 }, async () => {
    for (const [from, lang, wanted] of [['/', 'zh', '/help/zh/'], ['/', 'en', '/help/en/'], ['/login', 'zh', '/help/zh/'], ['/nowhere', 'zh', '/help/zh/']]) {
      const page = await open(browser, `${hall.http}${from}${from === '/nowhere' ? '' : `?lang=${lang}`}`, sizes.desk)
      await page.getByRole('link', { name: lang === 'en' ? /Handbook/ : /操作手册/ }).click()
      await page.waitForURL(`**${wanted}`)
      await page.context().close()
    }
  })
})
