// Links to this view in the other languages. The page is loaded anew, as another person's would be:
// boxes know what is chosen in them by its label alone.
class LanguageSwitch {
  constructor(root) {
    this.list = root.querySelector('.languages');
    this.list.addEventListener('click', (event) => {
      const link = event.target.closest('a');
      if (!link) return;
      const address = new URL(location);
      address.searchParams.set('lang', link.lang);
      link.href = address; // what is pinned and chosen by now
    });
  }
  setData({ head }) {
    this.list.replaceChildren(
      ...head.languages.map(([word, name]) =>
        Object.assign(el('a', '', name), { href: `?lang=${word}`, lang: word, target: '_self' }),
      ),
    );
  }
}

export default mount('language_switch', (root) => new LanguageSwitch(root));
