"""A page by keyboard alone: what can be pressed is what browsers know as such, Tab goes through it in the order of the
page and out at its end, and the focus shows wherever it is.
"""

from typing import Any

from playwright.sync_api import Page

_NATIVE = "a[href], button, input, select, textarea, summary"
# Of a page's own making, they would need keys of their own making, too.
_ROLES = ("button", "link", "checkbox", "radio", "switch", "tab", "menuitem", "option", "combobox", "slider", "textbox")

# Numbers everything that Tab has to stop at, and notes where the focus comes. Of radio buttons that belong together,
# browsers stop at the chosen one, or else at the first.
_BEGIN = f"""() => {{
  const chosen_or_first = (e) => {{
    const others = [...document.querySelectorAll('input[type=radio]')].filter(
      (one) => one.name === e.name && one.form === e.form);
    return e === (others.find((one) => one.checked) || others[0]);
  }};
  window.stops = [...document.querySelectorAll('{_NATIVE}')].filter(
    (e) => !e.disabled && e.type !== 'hidden' && e.checkVisibility() && (e.type !== 'radio' || chosen_or_first(e)));
  window.met = [];
  document.addEventListener('focusin', ({{ target }}) => {{
    const {{ outlineStyle, outlineWidth }} = getComputedStyle(target), box = target.getBoundingClientRect();
    const rings = outlineStyle === 'auto' || (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2);
    const shows = rings && box.width > 0 && box.right > 0;
    window.met.push([window.stops.indexOf(target), shows, target.outerHTML.slice(0, 100)]);
  }});
  // What is wrong with a form has the focus already; the walk begins at the start all the same.
  if (document.activeElement !== document.body) window.stops[0]?.focus();
  return window.stops.map((e) => e.outerHTML.slice(0, 100));
}}"""

_ODD = f"""() => [...document.body.querySelectorAll('*')].filter((e) => {{
  const native = e.matches('{_NATIVE}'), own = e.getAttribute('tabindex');
  if (own !== null && (own !== '-1' || native)) return true;
  if (['accesskey', 'autofocus', 'contenteditable', 'draggable'].some((name) => e.hasAttribute(name))) return true;
  if (!native && {list(_ROLES)}.includes(e.getAttribute('role'))) return true;
  if (e.matches('a:not([href])')) return true;
  return getComputedStyle(e).cursor === 'pointer' && !e.closest('{_NATIVE}, label');
}}).map((e) => e.outerHTML.slice(0, 100))"""

# Fields for dates have several stops within them.
_MOST_WITHIN = 8


def findings(page: Page) -> list[Any]:
    """Of a page that was just opened."""
    odd = [f"not for the keyboard: {html}" for html in page.evaluate(_ODD)]
    stops = page.evaluate(_BEGIN)
    # The page to try the API on has no menu.
    if page.query_selector("#main") and (not stops or 'class="skip"' not in stops[0]):
        odd.append("the way past the menu does not come first")
    met: list[Any] = page.evaluate("() => window.met")
    for _ in range(_MOST_WITHIN):
        for _ in range(len(stops) - len(met)):
            # Held down: half as many messages to the browser.
            page.keyboard.down("Tab")
        met = page.evaluate("() => window.met")
    order = [stop for stop, _, _ in met]
    if order != list(range(len(stops))):
        wrong = next((at for at, stop in enumerate(order) if at != stop), len(order))
        odd.append(f"stop {wrong} of {len(stops)}: {met[wrong][2] if wrong < len(met) else 'Tab does not get there'}")
    for _ in range(_MOST_WITHIN):
        page.keyboard.down("Tab")
        if not page.evaluate("() => document.activeElement === window.stops.at(-1)"):
            break
    else:
        odd.append("Tab does not get out at the end")
    page.keyboard.up("Tab")
    # Shown over the head of the page while it has the focus.
    page.evaluate("() => document.activeElement.blur()")
    return odd + [f"the focus does not show on {html}" for _, shows, html in met if not shows]
