package onboarding

// People are those of a draft who are to be invited.
func (d *Draft) People() []Invitee { return d.invitees() }

// CrestMark is what a page knows of the crest that it shows.
var CrestMark = crestMark
