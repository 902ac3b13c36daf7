package auth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/uptrace/bun"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/fault"
	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/store"
	"github.com/pendopo-id/pendopo/internal/tenant"
	"github.com/pendopo-id/pendopo/internal/testkit"
)

var here = auth.Site{Origin: "https://uji-a.localhost", Name: "MPP Uji"}

// key is a device that keeps one passkey.
type key struct {
	secret   *ecdsa.PrivateKey
	id       []byte
	count    uint32
	verifies bool // it checks who holds it
}

func newKey(t *testing.T) *key {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &key{secret: secret, id: []byte(rand.Text()), verifies: true}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// asked reads the challenge, and whether the device must check, from what a browser is told.
func asked(t *testing.T, c auth.Ceremony) (challenge, check string) {
	t.Helper()
	text, err := json.Marshal(c.Options)
	if err != nil {
		t.Fatal(err)
	}
	var o struct {
		PublicKey struct {
			Challenge, UserVerification string
		}
	}
	if err := json.Unmarshal(text, &o); err != nil {
		t.Fatal(err)
	}
	return o.PublicKey.Challenge, o.PublicKey.UserVerification
}

func clientData(kind, challenge string) []byte {
	return fmt.Appendf(nil, `{"type":%q,"challenge":%q,"origin":%q}`, kind, challenge, here.Origin)
}

func (k *key) state(flags byte) []byte {
	site := sha256.Sum256([]byte("uji-a.localhost"))
	if k.verifies {
		flags |= 4
	}
	return binary.BigEndian.AppendUint32(append(site[:], flags|1), k.count)
}

// made is the answer to a registration.
func (k *key) made(t *testing.T, c auth.Ceremony) []byte {
	t.Helper()
	challenge, _ := asked(t, c)
	point, err := k.secret.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	data := append(k.state(0x40), make([]byte, 16)...)
	data = append(binary.BigEndian.AppendUint16(data, uint16(len(k.id))), k.id...)
	data = append(data, 0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32)
	data = append(append(append(data, point[1:33]...), 0x22, 0x58, 32), point[33:]...)
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"), byte(len(data)))
	return fmt.Appendf(nil, `{"id":%q,"rawId":%q,"type":"public-key","response":{"clientDataJSON":%q,"attestationObject":%q}}`,
		b64(k.id), b64(k.id), b64(clientData("webauthn.create", challenge)), b64(append(object, data...)))
}

// answer is the answer to a sign-in, a second step or a proof.
func (k *key) answer(t *testing.T, c auth.Ceremony) []byte {
	t.Helper()
	challenge, _ := asked(t, c)
	k.count++
	data, client := k.state(0), clientData("webauthn.get", challenge)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(append(data[:len(data):len(data)], hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.secret, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, `{"id":%q,"rawId":%q,"type":"public-key","response":{"clientDataJSON":%q,"authenticatorData":%q,"signature":%q}}`,
		b64(k.id), b64(k.id), b64(client), b64(data), b64(signature))
}

// begin starts the registration of a passkey.
func (w *world) begin(t *testing.T, s auth.Session) auth.Ceremony {
	t.Helper()
	c, err := w.s.BeginPasskey(t.Context(), of(w.a), s.Actor, here)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// add gives the session's person a passkey.
func (w *world) add(t *testing.T, s auth.Session) (*key, auth.Session) {
	t.Helper()
	k, c := newKey(t), w.begin(t, s)
	after, _, err := w.s.AddPasskey(t.Context(), of(w.a), s.Actor, here, c.Token, "Kunci", k.made(t, c))
	if err != nil {
		t.Fatal(err)
	}
	return k, after
}

// The device checks who holds it, as a second step and as a proof too.
func TestAPasskeyChecksItsHolder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		k, s := w.add(t, w.signIn(t, w.a, "officer"))
		for what, try := range map[string]func() error{
			"a second step": func() error {
				step, _ := w.password(t, w.a, "officer", auth.Cookie)
				c, err := w.s.BeginPasskeyStep(t.Context(), of(w.a), here, step.Challenge)
				if err != nil {
					t.Fatal(err)
				}
				_, err = w.s.PasskeyStep(t.Context(), of(w.a), here, step.Challenge, c.Token, k.answer(t, c), home)
				return err
			},
			"a proof": func() error {
				c, err := w.s.BeginPasskeyProof(t.Context(), of(w.a), s.Actor, here)
				if err != nil {
					t.Fatal(err)
				}
				if _, check := asked(t, c); check != "required" {
					t.Errorf("asked to check: %q", check)
				}
				after, err := w.s.ProveByPasskey(t.Context(), of(w.a), s.Actor, here, c.Token, k.answer(t, c))
				if err == nil {
					s = after
				}
				return err
			},
		} {
			k.verifies = false
			is(t, what+" without a check", try(), "auth.passkey")
			k.verifies = true
			is(t, what, try(), "")
		}
	})
}

// What did not prove anything is recorded of the person.
func TestNoProofIsRecorded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me := "user:" + w.a.Officer.String()
		last := func(what, actor, action string) {
			t.Helper()
			rows := w.records(t, w.a)
			if r := rows[len(rows)-1]; r.Actor != actor || r.Action != action || r.Target != me || !strings.Contains(r.Record, `"ok":false`) {
				t.Errorf("%s: %+v", what, r)
			}
		}
		s := w.signIn(t, w.a, "officer")
		_, err := w.s.Prove(t.Context(), of(w.a), s.Actor, "salah", home)
		is(t, "a wrong password", err, "invalid")
		last("a wrong password", me, "auth:session:prove")
		w.signIn(t, w.a, "officer") // another record between
		_, err = w.s.ChangePassword(t.Context(), of(w.a), s.Actor, "salah", "rahasia yang baru", home)
		is(t, "a wrong current password", err, "invalid")
		last("a wrong current password", me, "auth:session:prove")

		// And what did is recorded too.
		if s, err = w.s.Prove(t.Context(), of(w.a), s.Actor, password, home); err != nil {
			t.Fatal(err)
		}
		if rows := w.records(t, w.a); !strings.Contains(rows[len(rows)-1].Record, `"ok":true`) || rows[len(rows)-1].Action != "auth:session:prove" {
			t.Errorf("a proof: %+v", rows[len(rows)-1])
		}

		k, s := w.add(t, s)
		_, err = w.s.Prove(t.Context(), of(w.a), s.Actor, "000000", home)
		is(t, "a wrong code", err, "invalid")
		last("a wrong code", me, "auth:session:prove")

		other := newKey(t)
		other.id = k.id // another device that says it is this one
		proof, err := w.s.BeginPasskeyProof(t.Context(), of(w.a), s.Actor, here)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.s.ProveByPasskey(t.Context(), of(w.a), s.Actor, here, proof.Token, other.answer(t, proof))
		is(t, "a proof by another key", err, "auth.passkey")
		last("a proof by another key", me, "auth:passkey:verify")
		step, _ := w.password(t, w.a, "officer", auth.Cookie)
		c, err := w.s.BeginPasskeyStep(t.Context(), of(w.a), here, step.Challenge)
		if err != nil {
			t.Fatal(err)
		}
		_, err = w.s.PasskeyStep(t.Context(), of(w.a), here, step.Challenge, c.Token, newKey(t).answer(t, c), home)
		is(t, "a key that nobody has", err, "auth.passkey")
		last("a key that nobody has", "public", "auth:passkey:verify")
	})
}

// passkeyRow mirrors the rows of passkeys, to delete them.
type passkeyRow struct {
	bun.BaseModel `bun:"table:passkeys,alias:passkey"`
	store.Owned
	ID id.ID `bun:"id,pk"`
}

// A key that is removed while its answer is looked at is refused, and nobody is warned of a copy.
func TestAKeyThatIsGoneIsNoCopy(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		notices := &told{}
		w.s = auth.New(w.db, auth.Options{Notices: notices})
		k, s := w.add(t, w.signIn(t, w.a, "officer"))
		c, err := w.s.BeginPasskeyProof(t.Context(), of(w.a), s.Actor, here)
		if err != nil {
			t.Fatal(err)
		}
		said := k.answer(t, c)
		done := make(chan error, 1)
		w.change(t, w.a, func(ctx context.Context, tx *store.Tx) error {
			if err := store.Lock[tenant.User](ctx, tx, w.a.Officer); err != nil {
				return err
			}
			go func() {
				_, err := w.s.ProveByPasskey(context.Background(), of(w.a), s.Actor, here, c.Token, said)
				done <- err
			}()
			testkit.Waiting(t, w.db, 1) // it has read the key and checked the answer; on SQLite it has not begun
			_, err := store.Delete[passkeyRow](ctx, tx, "user_id = ?", w.a.Officer)
			return err
		})
		is(t, "removed meanwhile", <-done, "auth.passkey")
		for _, said := range notices.said {
			if strings.Contains(said, auth.NoticePasskeyCloned) {
				t.Errorf("told %s", said)
			}
		}
	})
}

// TestTenKeys: ceremonies that began when there was room do not add more than ten.
func TestTenKeys(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.signIn(t, w.a, "officer")
		for range 8 {
			_, s = w.add(t, s)
		}
		var begun []auth.Ceremony
		for range 5 {
			begun = append(begun, w.begin(t, s))
		}
		var added, refused atomic.Int32
		var wg sync.WaitGroup
		for _, c := range begun {
			k := newKey(t)
			wg.Go(func() {
				_, _, err := w.s.AddPasskey(t.Context(), of(w.a), s.Actor, here, c.Token, "Kunci", k.made(t, c))
				switch {
				case err == nil:
					added.Add(1)
				case fault.Is(err, "auth.keys"):
					refused.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := w.count(t, w.a, "passkeys", "true"); n != 10 || added.Load() != 2 || refused.Load() != 3 {
			t.Errorf("%d keys, %d added, %d refused", n, added.Load(), refused.Load())
		}
	})
}
