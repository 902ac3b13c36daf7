package billing

import "time"

// Status of a subscription.
type Status string

// The states.
const (
	None     Status = "none"     // nothing has been subscribed to
	Trialing Status = "trialing" // free until the trial's end
	Active   Status = "active"   // invoiced; whether it is paid is another matter, see Standing
	Ended    Status = "ended"    // cancelled, and its time is over
)

// State is all that entitlements follow from. It says nothing of how often or in which order anything was heard.
type State struct {
	Plan      string
	Status    Status
	TrialEnd  time.Time
	CancelAt  time.Time // when a subscription that was cancelled ends; zero: it goes on
	UnpaidDue time.Time // the earliest day by which something had to be paid that is not; zero: nothing is owed
	Disputed  bool      // a payment is disputed with the payer's bank
	Suspended string    // why who runs the platform has suspended the region; "": they have not
	Province  bool      // somebody else pays: the region's province
}

// Standing is how a payer stands, in one word.
type Standing string

// The standings.
const (
	Good       Standing = "good"
	Overdue    Standing = "overdue"    // warned, nothing is held back
	Restricted Standing = "restricted" // nothing new of what costs
	Suspended  Standing = "suspended"  // by who runs the platform, for a reason of its own
)

// Warning is something that who runs the region should know.
type Warning string

// The warnings.
const (
	WarnTrial      Warning = "trial"      // the trial ends
	WarnCancel     Warning = "cancel"     // the subscription ends
	WarnEnded      Warning = "ended"      // it has ended
	WarnOverdue    Warning = "overdue"    // an invoice is overdue
	WarnRestricted Warning = "restricted" // and has been for too long
	WarnDisputed   Warning = "disputed"   // a payment is disputed
	WarnVenues     Warning = "venues"     // more venues than the plan has
)

// Entitlements are what a region may do by what is paid. Queues, cases and boards are not among them: nothing of a
// citizen's ever depends on billing, and billing deletes nothing.
type Entitlements struct {
	Plan     string
	Province bool // the province pays
	Status   Status
	Standing Standing
	Reason   string // of a suspension

	Venues int // as many as the plan has; more are warned of, and work

	NewVenues bool // may add a venue
	Branding  bool // may change its branding
	Exports   bool // may export to third parties

	Since          time.Time // overdue since; zero: nothing is
	RestrictedFrom time.Time // when new things are held back; zero: nothing is overdue
	TrialEnd       time.Time
	CancelAt       time.Time
	Warnings       []Warning
}

// Compute is what a state entitles to at a moment. It depends on nothing else. Overdue: 30 days of warnings, then no new
// venues, branding or exports to third parties, until it is paid; paid, at once.
func Compute(s State, now time.Time) Entitlements {
	out := Entitlements{Plan: Pilot, Province: s.Province, Status: s.Status, Standing: Good, NewVenues: true, Branding: true, Exports: true}
	switch s.Status {
	case Trialing:
		if out.TrialEnd = s.TrialEnd; !s.TrialEnd.IsZero() {
			out.Warnings = append(out.Warnings, WarnTrial)
		}
		out.Plan = s.Plan
	case Active:
		out.Plan = s.Plan
	case Ended:
		out.Warnings = append(out.Warnings, WarnEnded)
	default:
		out.Status = None
	}
	if out.Status != Ended && out.Status != None && !s.CancelAt.IsZero() {
		out.CancelAt = s.CancelAt
		out.Warnings = append(out.Warnings, WarnCancel)
	}
	plan, ok := PlanOf(out.Plan)
	if !ok { // a plan that a newer program knows: nothing is warned of
		plan.Venues = 1 << 30
	}
	out.Venues = plan.Venues
	if s.Disputed {
		out.Warnings = append(out.Warnings, WarnDisputed)
	}
	if !s.UnpaidDue.IsZero() && now.After(s.UnpaidDue) {
		out.Since, out.RestrictedFrom = s.UnpaidDue, s.UnpaidDue.AddDate(0, 0, terms.GraceDays)
		out.Standing = Overdue
		if now.Before(out.RestrictedFrom) {
			out.Warnings = append(out.Warnings, WarnOverdue)
		} else {
			out.Standing, out.NewVenues, out.Branding, out.Exports = Restricted, false, false, false
			out.Warnings = append(out.Warnings, WarnRestricted)
		}
	}
	if s.Suspended != "" {
		out.Standing, out.Reason = Suspended, s.Suspended
	}
	return out
}

// Used adds what follows from how much of the plan is used.
func (e Entitlements) Used(venues int) Entitlements {
	if venues > e.Venues {
		e.Warnings = append(e.Warnings[:len(e.Warnings):len(e.Warnings)], WarnVenues)
	}
	return e
}

// better is which of two ways of paying holds for a region: its own, or its province's. The province's comes first
// unless something is held back by it and not by the other.
func better(own, province Entitlements) Entitlements {
	if province.Status != Active && province.Status != Trialing {
		return own
	}
	if province.Standing == Restricted && own.Standing != Restricted && own.Status != None && own.Status != Ended {
		return own
	}
	return province
}
