package authz

// Kind says how a session's token travels: it is worth nothing another way.
type Kind string

// The kinds of sessions.
const (
	Cookie Kind = "cookie"
	Bearer Kind = "bearer"
)
