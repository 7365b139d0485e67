// Node 20 lacks Promise.withResolvers, which libp2p calls. Loaded before everything by --import.
Promise.withResolvers ??= function withResolvers() {
  let resolve, reject
  const promise = new this((yes, no) => {
    ;[resolve, reject] = [yes, no]
  })
  return { promise, resolve, reject }
}
