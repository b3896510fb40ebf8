/**
 * The element of the page with this id.
 *
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const found = document.getElementById(id)
  if (!(found instanceof type)) throw new Error(`The page has no ${type.name} with the id ${id}.`)
  return found
}

/** @param {number} number a whole number, written as 1,234 */
export const formatWhole = (number) => number.toLocaleString('en')

/**
 * Text goes into an element as text, never as HTML, because a client chooses its key.
 *
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {string} className
 * @param {...(Node | string)} children
 */
export function element(name, className, ...children) {
  const made = document.createElement(name)
  if (className !== '') made.className = className
  made.append(...children)
  return made
}

/** @param {string} text */
export const cell = (text, className = '') => element('td', className, text)

/** @param {...(Node | string)} children */
export function rowHeader(...children) {
  const made = element('th', '', ...children)
  made.scope = 'row'
  return made
}

/** The HTML of the rows that each table shows. @type {WeakMap<Element, string>} */
const shownHtml = new WeakMap()

/**
 * Shows rows in a table. A table whose rows are the same as before is left alone: the reader's selection
 * stays.
 *
 * @param {string} id of the table's body
 * @param {HTMLTableCellElement[][]} rows cells by row
 * @param {{ columns: number, text: string }} ifEmpty what a table without rows shows
 */
export function showRows(id, rows, ifEmpty) {
  const body = byId(id, HTMLTableSectionElement)
  const shown = rows.length > 0 ? rows : [[emptyCell(ifEmpty)]]
  // On a narrow page, CSS shows each cell on a line of its own, after the name of its column.
  const [columnNames] = body.parentElement instanceof HTMLTableElement ? body.parentElement.rows : []
  for (const cells of rows) {
    for (const [index, one] of cells.entries())
      one.dataset.label = columnNames?.cells[index]?.textContent ?? ''
  }
  const html = shown.map((cells) => cells.map((one) => one.outerHTML).join('')).join('\n')
  if (shownHtml.get(body) === html) return
  shownHtml.set(body, html)
  body.replaceChildren(...shown.map((cells) => element('tr', '', ...cells)))
}

/** @param {{ columns: number, text: string }} ifEmpty */
function emptyCell({ columns, text }) {
  const made = cell(text, 'empty')
  made.colSpan = columns
  return made
}
