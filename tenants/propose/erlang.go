package propose

// Queueing after A. K. Erlang: people come at random (Poisson) and each occupies one of n counters for about m minutes
// (exponential). The formula is "Erlang C" (1917); see any textbook of teletraffic, or ITU-T E.501 and ITU's Teletraffic
// Engineering Handbook. Real service times vary less than exponential ones, so real waits are rather shorter.
const (
	// mostBusy is how busy a counter may be in the busiest hours. Above it waits grow steeply, and nobody who sits
	// there has a moment; 0.85 is a common rule of operations, not a law.
	mostBusy = 0.85
	// usualWait is the mean wait in the busiest hours that is aimed at, in minutes.
	usualWait = 15
	// peak is how much more than the day's mean comes in the busiest hours: people come in the morning. An assumption
	// until a mall has figures of its own.
	peak = 1.5
	// mostCounters bounds a series' counters: beyond that somebody should look.
	mostCounters = 60
)

// Wait is the mean minutes that people wait before n counters when perHour come and each takes the given minutes.
// It is negative where more come than can be served: the line only grows.
func Wait(perHour, minutes float64, n int) float64 {
	offered := perHour * minutes / 60 // in erlangs: how many counters would be busy without any idle moment
	if offered <= 0 {
		return 0
	}
	if n <= 0 || offered >= float64(n) {
		return -1
	}
	blocked := 1.0 // Erlang B, by its recursion
	for i := 1; i <= n; i++ {
		blocked = offered * blocked / (float64(i) + offered*blocked)
	}
	waits := blocked / (1 - offered/float64(n)*(1-blocked)) // Erlang C: the share that has to wait at all
	return waits * minutes / (float64(n) - offered)
}

// Need is the fewest counters that are at most 85 % busy and let people wait at most the given minutes on average, from
// 1 to 60.
func Need(perHour, minutes float64, wait int) int {
	for n := 1; n < mostCounters; n++ {
		w := Wait(perHour, minutes, n)
		if w >= 0 && w <= float64(wait) && perHour*minutes/60/float64(n) <= mostBusy {
			return n
		}
	}
	return mostCounters
}
