// Keeps Redoc from asking for its maker's logo: nothing on a page is loaded from elsewhere.
(() => {
  const { setAttribute } = Element.prototype;

  const isElsewhere = (address) => {
    const { origin, protocol } = new URL(address, location.href);
    return protocol !== "data:" && origin !== location.origin;
  };

  function setSource(address) {
    // Redoc takes a picture away when it fails to load.
    if (isElsewhere(address)) setTimeout(() => this.dispatchEvent(new Event("error")));
    else setAttribute.call(this, "src", address);
  }

  // React writes the attribute first and the property once more.
  Object.defineProperty(HTMLImageElement.prototype, "src", {
    get() {
      return this.getAttribute("src") ?? "";
    },
    set: setSource,
  });
  HTMLImageElement.prototype.setAttribute = function (name, value) {
    if (name === "src") setSource.call(this, value);
    else setAttribute.call(this, name, value);
  };
})();
