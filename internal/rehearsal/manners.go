package rehearsal

import "math/rand/v2"

// How people behave once they are called, in minutes. The demo's simulated day behaves likewise.

// Way is how long somebody takes to the counter: half a minute to two.
func Way(rng *rand.Rand) float64 { return 0.5 + rng.Float64()*1.5 }

// StaysAway tells whether somebody who is called does not come, after a second call: one in twenty.
func StaysAway(rng *rand.Rand) bool { return rng.IntN(20) == 0 }

// RecallFor is how long is waited after a second call.
const RecallFor = 2.0

// Serving is how long a matter takes that usually takes the given minutes: half as long up to half as long again.
func Serving(rng *rand.Rand, minutes int) float64 { return float64(minutes) * (0.5 + rng.Float64()) }
