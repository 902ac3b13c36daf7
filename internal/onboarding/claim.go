package onboarding

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/authz"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/throttle"
	"github.com/pendopo-id/pendopo/tenants/areas"
)

// State of a claim.
type State string

// The states. A claim that is asked counts for nothing until a link has proven its address.
const (
	Asked     State = "asked"
	Proven    State = "proven"
	Confirmed State = "confirmed"
	Dismissed State = "refused"
)

// claim is somebody's wish to set a region up. It is a row of the platform's own tenant.
type claim struct {
	bun.BaseModel `bun:"table:claims,alias:claim"`
	store.Owned
	ID         id.ID      `bun:"id,pk"`
	Region     string     `bun:"region"` // its code
	State      State      `bun:"state"`
	Email      seal.Box   `bun:"email"`
	EmailIndex seal.Index `bun:"email_index"`
	Name       seal.Box   `bun:"name"`
	Post       seal.Box   `bun:"post"` // jabatan
	Locale     string     `bun:"locale"`
	TokenHash  []byte     `bun:"token_hash"`
	TokenUntil time.Time  `bun:"token_until,nullzero"`
	ProvenAt   time.Time  `bun:"proven_at,nullzero"`
	DecidedBy  id.ID      `bun:"decided_by,nullzero"`
	DecidedAt  time.Time  `bun:"decided_at,nullzero"`
	Reason     string     `bun:"reason"`
	CreatedAt  time.Time  `bun:"created_at"`
}

var (
	claimEmail = seal.Declare[claim]("email", seal.Indexed("email_index", seal.Email))
	claimName  = seal.Declare[claim]("name")
	claimPost  = seal.Declare[claim]("post")
)

// Letters about a claim.
const (
	LetterProve   = "onboarding.prove"   // with the link that proves the address
	LetterRefused = "onboarding.refused" // with the reason
	LetterWaiting = "onboarding.waiting" // to who confirms
)

const (
	proveHolds = 24 * time.Hour // of the link in the letter
	keepClaims = 90 * 24 * time.Hour
	// What one address may set off in an hour: letters to one mailbox, and from everybody together.
	provesTo  = 3
	provesAll = 200
)

// Claim is a claim as those see it who decide.
type Claim struct {
	ID     id.ID
	Region areas.Seat
	State  State
	Name   string
	Email  string
	Post   string
	Reason string
	At     time.Time // when its address was proven
	Others int       // further claims of the same region that wait
}

// Wish is what somebody says who wants to set a region up.
type Wish struct{ Region, Name, Email, Post, Locale string }

// Ask notes a wish and sends the link that proves the address. Faults: "invalid" (422) by field; "onboarding.here" (409:
// the region is on already); "onboarding.letters" (429).
func (s *Service) Ask(ctx context.Context, w Wish) error {
	p, ok := s.reg.Platform()
	if !ok {
		return fault.New(fault.Unavailable, "busy").Retry(2 * time.Second)
	}
	w.Name, w.Post, w.Email = strings.TrimSpace(w.Name), strings.TrimSpace(w.Post), seal.Email(w.Email)
	invalid := fault.New(fault.Invalid, "invalid")
	wrong := false
	bad := func(field, code string, args ...any) {
		wrong = true
		invalid = invalid.Field(field, code, args...)
	}
	seat, known := areas.SeatByCode(w.Region)
	if !known {
		bad("region", "required")
	}
	if w.Name == "" || len(w.Name) > 200 || strings.ContainsFunc(w.Name, forbidden) {
		bad("name", "required")
	}
	if w.Post == "" || len(w.Post) > 200 || strings.ContainsFunc(w.Post, forbidden) {
		bad("post", "required")
	}
	switch {
	case !auth.IsAddress(w.Email):
		bad("email", "email")
	case !s.official(w.Email):
		bad("email", "onboarding.official", strings.Join(s.opt.Officials, ", "))
	}
	if wrong {
		return invalid
	}
	if _, here := s.reg.ByCode(seat.Code); here {
		return fault.New(fault.Conflict, "onboarding.here")
	}
	return s.db.In(ctx, p.ID, func(ctx context.Context, tx *store.Tx) error {
		keys, err := seal.In(ctx, tx)
		if err != nil {
			return err
		}
		row := &claim{ID: id.New(), Region: seat.Code, State: Asked, Locale: w.Locale, CreatedAt: tx.Now()}
		if row.Email, err = keys.Seal(claimEmail, row.ID, w.Email); err != nil {
			return err
		}
		if row.EmailIndex, err = keys.Index(claimEmail, w.Email); err != nil {
			return err
		}
		if row.Name, err = keys.Seal(claimName, row.ID, w.Name); err != nil {
			return err
		}
		if row.Post, err = keys.Seal(claimPost, row.ID, w.Post); err != nil {
			return err
		}
		if err := s.mayWrite(ctx, tx, row.EmailIndex); err != nil {
			return err
		}
		if err := store.Insert(ctx, tx, row); err != nil {
			return err
		}
		tx.Audit(store.Record{Actor: "public", Action: "onboarding:claim:ask", Target: "claim:" + row.ID.String(), Data: regionData{seat.Code}})
		return s.opt.Letters.Claim(ctx, tx, row.ID, LetterProve)
	})
}

type regionData struct {
	Region string `json:"region"`
}

// official tells whether an address is one of the government's.
func (s *Service) official(email string) bool {
	_, domain, _ := strings.Cut(email, "@")
	return len(s.opt.Officials) == 0 || slices.ContainsFunc(s.opt.Officials, func(o string) bool {
		return domain == o || strings.HasSuffix(domain, "."+o)
	})
}

// mayWrite bounds the letters that anybody can set off.
func (s *Service) mayWrite(ctx context.Context, tx *store.Tx, to seal.Index) error {
	if s.opt.LimitsOff {
		return nil
	}
	mailbox, err := to.Value()
	if err != nil {
		return err
	}
	sum := sha256.Sum256(mailbox.([]byte))
	for _, c := range []struct {
		key  string
		most int
	}{{"claim-to/" + id.Named(tx.Tenant(), string(sum[:])).String(), provesTo}, {"claim-all", provesAll}} {
		ok, wait, err := throttle.Take(ctx, tx, c.key, time.Hour, c.most)
		if err != nil {
			return err
		}
		if !ok {
			return fault.New(fault.TooMany, "onboarding.letters").Retry(wait)
		}
	}
	return nil
}

// ProofOf makes the link's token for a letter that is being written, with what the letter says. ok is false once the
// letter is worth nothing any more.
func ProofOf(ctx context.Context, tx *store.Tx, of id.ID) (token string, until time.Time, region areas.Seat, ok bool, err error) {
	row, err := store.Select[claim](tx).Where("id = ?", of).One(ctx)
	if fault.Is(err, "not_found") || err == nil && row.State != Asked {
		return "", until, region, false, nil
	}
	if err != nil {
		return "", until, region, false, err
	}
	token = rand.Text()
	sum := sha256.Sum256([]byte(token))
	until = tx.Now().Add(proveHolds)
	_, err = store.Update[claim](tx).Set("token_hash = ?", sum[:]).Set("token_until = ?", until).Where("id = ?", of).Exec(ctx)
	region, _ = areas.SeatByCode(row.Region)
	return token, until, region, true, err
}

// RefusalOf is why a claim was refused, for the letter that says so.
func RefusalOf(ctx context.Context, tx *store.Tx, of id.ID) (region areas.Seat, reason string, err error) {
	row, err := store.Select[claim](tx).Where("id = ?", of).One(ctx)
	region, _ = areas.SeatByCode(row.Region)
	return region, row.Reason, err
}

// ReachOf is the mailbox of who claims.
func ReachOf(ctx context.Context, tx *store.Tx, of id.ID) (email, locale string, err error) {
	row, err := store.Select[claim](tx).Where("id = ?", of).One(ctx)
	if err != nil {
		return "", "", err
	}
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return "", "", err
	}
	email, err = keys.Show(ctx, claimEmail, row.ID, row.Email)
	return email, row.Locale, err
}

// byToken finds a claim whose link holds. The fault is "onboarding.link" (404).
func byToken(ctx context.Context, tx *store.Tx, token string) (claim, error) {
	sum := sha256.Sum256([]byte(token))
	rows, err := store.Select[claim](tx).Where("token_hash = ? and token_until > ?", sum[:], tx.Now()).All(ctx)
	if err == nil && (len(rows) == 0 || token == "") {
		err = fault.New(fault.NotFound, "onboarding.link")
	}
	if err != nil {
		return claim{}, err
	}
	return rows[0], nil
}

// Proof reads what a link is about, and changes nothing: mail programs look at links by themselves.
func (s *Service) Proof(ctx context.Context, token string) (c Claim, err error) {
	err = s.platform(ctx, false, func(ctx context.Context, tx *store.Tx) error {
		row, err := byToken(ctx, tx, token)
		if err != nil {
			return err
		}
		c, err = row.open(ctx, tx)
		return err
	})
	return c, err
}

// Prove takes a link: the address is who wrote. Those who confirm are told. Faults: "onboarding.link" (404).
func (s *Service) Prove(ctx context.Context, token string) (c Claim, err error) {
	err = s.platform(ctx, true, func(ctx context.Context, tx *store.Tx) error {
		row, err := byToken(ctx, tx, token)
		if err != nil {
			return err
		}
		if c, err = row.open(ctx, tx); err != nil || row.State != Asked {
			return err
		}
		n, err := store.Update[claim](tx).Set("state = ?", Proven).Set("proven_at = ?", tx.Now()).Where("id = ? and state = ?", row.ID, Asked).Exec(ctx)
		if err != nil || n == 0 { // pressed twice
			return err
		}
		tx.Audit(store.Record{Actor: "public", Action: "onboarding:claim:prove", Target: "claim:" + row.ID.String(), Data: regionData{row.Region}})
		deciders, err := decidersOf(ctx, tx, c.Region)
		if err != nil {
			return err
		}
		for _, user := range deciders {
			if err := s.opt.Letters.Waiting(ctx, tx, user, row.Region); err != nil {
				return err
			}
		}
		return nil
	})
	return c, err
}

// decidersOf are those of the province's Biro Organisasi; where there is nobody yet, those who run the platform.
func decidersOf(ctx context.Context, tx *store.Tx, region areas.Seat) (out []id.ID, err error) {
	for _, who := range []struct{ role, scope string }{
		{authz.RoleProvinceOverseer, tenant.ScopeOf(region.Province)}, {authz.RoleOperator, tenant.PlatformCode},
	} {
		grants, err := store.Select[tenant.Grant](tx).Where("role = ? and scope = ?", who.role, who.scope).Order("user_id").All(ctx)
		if err != nil {
			return nil, err
		}
		for _, g := range grants {
			out = append(out, g.UserID)
		}
		if len(out) > 0 {
			return out, nil
		}
	}
	return nil, nil
}

// Decider tells who will confirm a region: the province's Biro Organisasi, or else the platform.
func (s *Service) Decider(ctx context.Context, region areas.Seat) (province bool, err error) {
	err = s.platform(ctx, false, func(ctx context.Context, tx *store.Tx) error {
		n, err := store.Select[tenant.Grant](tx).Where("role = ? and scope = ?", authz.RoleProvinceOverseer, tenant.ScopeOf(region.Province)).Count(ctx)
		province = n > 0
		return err
	})
	return province, err
}

// Claims are those that wait for the actor, the oldest first, and then those that were decided lately.
func (s *Service) Claims(ctx context.Context, by *authz.Actor) (waiting, decided []Claim, err error) {
	err = s.platform(ctx, true, func(ctx context.Context, tx *store.Tx) error {
		waiting, decided = nil, nil
		rows, err := store.Select[claim](tx).Where("state = ?", Proven).Order("created_at", "id").All(ctx)
		if err != nil {
			return err
		}
		past, err := store.Select[claim](tx).Where("state in ('confirmed', 'refused')").Order("decided_at desc", "id").Limit(200).All(ctx)
		if err != nil {
			return err
		}
		rows = append(rows, past...)
		n := map[string]int{}
		for _, r := range rows {
			if !by.Can(permClaims, tenant.ScopeOf(r.Region)) {
				continue
			}
			c, err := r.open(ctx, tx)
			if err != nil {
				return err
			}
			_, here := s.reg.ByCode(r.Region)
			if r.State != Proven && (r.State != Confirmed || here || r.DecidedAt.After(tx.Now().Add(-stranded))) {
				decided = append(decided, c)
				continue
			}
			n[r.Region]++
			waiting = append(waiting, c)
		}
		for i := range waiting {
			waiting[i].Others = n[waiting[i].Region.Code] - 1
		}
		slices.SortStableFunc(waiting, func(a, b Claim) int { return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID.String(), b.ID.String())) })
		if len(decided) > 20 {
			decided = decided[:20]
		}
		if len(waiting)+len(decided) > 0 {
			tx.Audit(store.Record{Actor: by.String(), Action: "onboarding:claim:list", Target: "scope:" + strings.Join(by.Scopes(permClaims), " ")})
		}
		return nil
	})
	return waiting, decided, err
}

func (r *claim) open(ctx context.Context, tx *store.Tx) (c Claim, err error) {
	keys, err := seal.In(ctx, tx)
	if err != nil {
		return c, err
	}
	c = Claim{ID: r.ID, State: r.State, At: r.ProvenAt, Reason: r.Reason}
	c.Region, _ = areas.SeatByCode(r.Region)
	if c.Name, err = keys.Show(ctx, claimName, r.ID, r.Name); err != nil {
		return c, err
	}
	if c.Email, err = keys.Show(ctx, claimEmail, r.ID, r.Email); err != nil {
		return c, err
	}
	c.Post, err = keys.Show(ctx, claimPost, r.ID, r.Post)
	return c, err
}

// stranded is how long after its confirmation a claim whose region is still not there may be confirmed again: a process
// ended between the two.
const stranded = time.Minute

// decision is a claim's state in a record.
type decision struct {
	State State `json:"state"`
}

// Confirm makes the region, and invites who claimed it to set it up there. Faults: "not_found" (also for a claim that is
// not the actor's to decide, or was decided), "onboarding.here" (409).
func (s *Service) Confirm(ctx context.Context, by *authz.Actor, which id.ID) (areas.Seat, error) {
	var c Claim
	var at time.Time
	// First the claim, by its row: of two who decide at once one does.
	take := func(ctx context.Context, tx *store.Tx) (err error) {
		at = tx.Now()
		if c, err = s.mine(ctx, tx, by, which); err != nil {
			return err
		}
		n, err := store.Update[claim](tx).Set("state = ?", Confirmed).Set("decided_by = ?", by.UserID).Set("decided_at = ?", at).
			Where("id = ? and (state = ? or state = ? and decided_at < ?)", which, Proven, Confirmed, at.Add(-stranded)).Exec(ctx)
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "not_found")
		}
		if err != nil {
			return err
		}
		if _, here := s.reg.ByCode(c.Region.Code); here {
			return fault.New(fault.Conflict, "onboarding.here")
		}
		tx.Audit(store.Record{Actor: by.String(), Action: "onboarding:claim:confirm", Target: "claim:" + which.String(), Data: regionData{c.Region.Code},
			Before: decision{State: c.State}, After: decision{State: Confirmed}})
		return nil
	}
	if err := s.platform(ctx, true, take); err != nil {
		return c.Region, err
	}
	who := tenant.Membership{Name: c.Name, Email: c.Email, Role: authz.RoleAdmin}
	const actor = "system:platform" // who that was stands in the platform's records
	_, err := s.opt.Provisioner.Prepare(ctx, c.Region.Code, who, actor, func(ctx context.Context, tx *store.Tx, g tenant.Given) error {
		return s.opt.Letters.Invite(ctx, tx, g.User, actor)
	})
	if err != nil {
		here := fault.Is(err, "duplicate")
		// Nothing was made: the claim waits again, unless its region has come about since, or somebody has decided it again.
		back := s.platform(context.WithoutCancel(ctx), true, func(ctx context.Context, tx *store.Tx) error {
			if here && c.State == Confirmed {
				return nil
			}
			n, err := store.Update[claim](tx).Set("state = ?", Proven).Set("decided_by = ?", nil).Set("decided_at = ?", nil).
				Where("id = ? and decided_at = ?", which, at).Exec(ctx)
			if err != nil || n == 0 {
				return err
			}
			tx.Audit(store.Record{Actor: by.String(), Action: "onboarding:claim:reopen", Target: "claim:" + which.String(), Data: regionData{c.Region.Code},
				Before: decision{State: Confirmed}, After: decision{State: Proven}})
			return nil
		})
		if here {
			err = fault.New(fault.Conflict, "onboarding.here")
		}
		if back != nil {
			s.opt.Log.Error("a claim was confirmed and its region not made", "claim", which.String(), "error", back)
		}
		return c.Region, err
	}
	return c.Region, s.reg.Refresh(ctx)
}

// Refuse tells who claimed a region why it is not theirs. Faults: "not_found", "invalid" (422: reason).
func (s *Service) Refuse(ctx context.Context, by *authz.Actor, which id.ID, reason string) error {
	reason = strings.TrimSpace(reason)
	if reason == "" || len(reason) > maxText || strings.ContainsFunc(reason, forbidden) {
		return fault.New(fault.Invalid, "invalid").Field("reason", "required")
	}
	return s.platform(ctx, true, func(ctx context.Context, tx *store.Tx) error {
		c, err := s.mine(ctx, tx, by, which)
		if err != nil {
			return err
		}
		n, err := store.Update[claim](tx).Set("state = ?", Dismissed).Set("reason = ?", reason).Set("decided_by = ?", by.UserID).Set("decided_at = ?", tx.Now()).
			Where("id = ? and state = ?", which, Proven).Exec(ctx)
		if err == nil && n == 0 {
			err = fault.New(fault.NotFound, "not_found")
		}
		if err != nil {
			return err
		}
		tx.Audit(store.Record{Actor: by.String(), Action: "onboarding:claim:refuse", Target: "claim:" + which.String(), Data: regionData{c.Region.Code},
			Before: decision{State: Proven}, After: decision{State: Dismissed}})
		return s.opt.Letters.Claim(ctx, tx, which, LetterRefused)
	})
}

// Sweep deletes claims that are older than they are kept.
func (s *Service) Sweep(ctx context.Context) error {
	return s.platform(ctx, true, func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Delete[claim](ctx, tx, "created_at < ?", tx.Now().Add(-keepClaims))
		return err
	})
}

// mine reads a claim that the actor may decide.
func (s *Service) mine(ctx context.Context, tx *store.Tx, by *authz.Actor, which id.ID) (Claim, error) {
	row, err := store.Select[claim](tx).Where("id = ? and state <> ?", which, Asked).One(ctx)
	if err == nil && !by.Can(permClaims, tenant.ScopeOf(row.Region)) {
		err = fault.New(fault.NotFound, "not_found")
	}
	if err != nil {
		return Claim{}, err
	}
	return row.open(ctx, tx)
}

// platform runs something among the platform's own rows.
func (s *Service) platform(ctx context.Context, write bool, fn func(context.Context, *store.Tx) error) error {
	p, ok := s.reg.Platform()
	if !ok {
		return fault.New(fault.Unavailable, "busy").Retry(2 * time.Second)
	}
	if write {
		return s.db.In(ctx, p.ID, fn)
	}
	return s.db.View(ctx, p.ID, fn)
}
