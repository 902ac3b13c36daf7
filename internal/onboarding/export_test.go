package onboarding

// People are those of a draft who are to be invited.
func (d *Draft) People() []Invitee { return d.invitees() }
