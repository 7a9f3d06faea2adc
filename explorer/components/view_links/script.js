// Links to this view with another word in its address. The page is loaded anew, as another person's
// would be: boxes know what is chosen in them by its label alone.
class ViewLinks {
  constructor(root) {
    this.list = root.querySelector('.links');
  }
  setData({ head }) {
    this.list.replaceChildren(...head.links.map((one) => this.link(one)));
  }
  link([name, value, label]) {
    const link = el('a', value ? '' : 'close', value ? label : '×');
    Object.assign(link, { href: `?${name}=${value}`, target: '_self' });
    if (name === 'lang') link.lang = value;
    if (!value) link.ariaLabel = link.title = label;
    link.onclick = () => {
      const address = new URL(location); // with what is pinned and chosen by now
      if (value) address.searchParams.set(name, value);
      else address.searchParams.delete(name);
      link.href = address;
    };
    return link;
  }
}

export default mount('view_links', (root) => new ViewLinks(root));
