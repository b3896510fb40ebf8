/** @import { LimiterState, Snapshot } from '../snapshot.ts' */

import { sumOf } from './chart.js'
import { byId, element, formatWhole } from './elements.js'

/** The parameter of the page's address that names the chosen limiter. Without it, all limiters are shown. */
const PARAMETER = 'limiter'

const ALL_LIMITERS = 'All limiters'

const list = byId('limiters', HTMLUListElement)

/** @param {readonly LimiterState[]} limiters */
export const namesOf = (limiters) => [...new Set(limiters.map(({ name }) => name))]

/** @param {readonly LimiterState[]} limiters */
const refusalsOf = (limiters) => limiters.reduce((total, { refused }) => total + sumOf(refused), 0)

/** @param {string | undefined} name undefined for all limiters */
function addressOf(name) {
  const address = new URL(location.href)
  if (name === undefined) address.searchParams.delete(PARAMETER)
  else address.searchParams.set(PARAMETER, name)
  return address.href
}

/**
 * The limiters that are shown: those with the name in the page's address, or all.
 *
 * @param {Snapshot} snapshot
 */
export function chosenLimiters({ limiters }) {
  const chosen = new URL(location.href).searchParams.get(PARAMETER)
  const named = limiters.filter(({ name }) => name === chosen)
  return named.length > 0 ? named : limiters
}

/**
 * What is shown, in words.
 *
 * @param {readonly LimiterState[]} shown
 */
export function titleOf(shown) {
  const [name = '', ...others] = namesOf(shown)
  return others.length > 0 ? ALL_LIMITERS : `Limiter ${name}`
}

/**
 * Shows the names of the limiters, each with its refusals. The links stay the same elements, because one of
 * them may have the focus.
 *
 * @param {Snapshot} snapshot
 * @param {readonly LimiterState[]} shown
 */
export function showChoices({ limiters }, shown) {
  const names = namesOf(limiters)
  byId('choice', HTMLElement).hidden = names.length < 2
  const choices = [undefined, ...names]
  if (list.childElementCount !== choices.length) list.replaceChildren(...choices.map(choiceItem))
  const shownNames = namesOf(shown)
  for (const [index, link] of list.querySelectorAll('a').entries()) {
    const name = choices[index]
    const refusals = refusalsOf(name === undefined ? limiters : limiters.filter((one) => one.name === name))
    const [count] = link.getElementsByTagName('span')
    if (count !== undefined) {
      count.textContent = `${formatWhole(refusals)} refused`
      count.className = refusals > 0 ? 'bad' : ''
    }
    const isShown = name === undefined ? shownNames.length > 1 : shownNames.join() === name
    link.setAttribute('aria-current', String(isShown))
  }
}

/** @param {string | undefined} name */
function choiceItem(name) {
  const link = element('a', '', element('bdi', '', name ?? ALL_LIMITERS), ' ', element('span', ''))
  link.href = addressOf(name)
  return element('li', '', link)
}

/**
 * Follows the choice without loading the page anew, so that its stream stays open.
 *
 * @param {() => void} draw
 */
export function followChoice(draw) {
  list.addEventListener('click', (event) => {
    const link = event.target instanceof Element ? event.target.closest('a') : null
    // With one of these keys the browser opens another tab or window.
    if (link === null || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return
    event.preventDefault()
    history.pushState(null, '', link.href)
    draw()
  })
  addEventListener('popstate', draw)
}
