/** Responses of this proxy, by class or by what became of them. */
export interface ProxyStats {
  /** Index is the first digit of the status. */
  readonly byClass: number[];
  /** The client left before its response was complete (499 in the reference's metrics). */
  clientsGone: number;
  /** The connection was cut, because the response broke off. */
  cut: number;
  /** Requests being answered. */
  ongoing: number;
}

export const newProxyStats = (): ProxyStats => ({ byClass: [0, 0, 0, 0, 0, 0], clientsGone: 0, cut: 0, ongoing: 0 });

/** As `proxyService.stats` reports them. */
export const responsesOf = (stats: ProxyStats): Record<string, number> => ({
  "2xx": stats.byClass[2] ?? 0,
  "3xx": stats.byClass[3] ?? 0,
  "4xx": stats.byClass[4] ?? 0,
  "5xx": stats.byClass[5] ?? 0,
  client_gone: stats.clientsGone,
  cut: stats.cut,
});
