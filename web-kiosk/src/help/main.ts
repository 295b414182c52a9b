import '../tokens.css'
import '../base.css'
import './help.css'
import { searching } from './searching'

// The handbook is written into the page when it is built (tools/handbook); only the search needs a script.
const form = document.querySelector<HTMLFormElement>('form[role="search"]')
const results = document.querySelector<HTMLElement>('#results')
const content = document.querySelector<HTMLElement>('main')
if (form && results && content) searching(form, results, content)
// What is open is seen in the contents, however far down it stands.
const contents = document.querySelector<HTMLElement>('#contents')
const current = contents?.querySelector<HTMLElement>('[aria-current]')
if (contents && current) contents.scrollTop = current.offsetTop - contents.clientHeight / 3
void import('../fonts')
