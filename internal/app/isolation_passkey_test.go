package app_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/url"
	"testing"

	"github.com/pendopo-id/pendopo/internal/auth"
	"github.com/pendopo-id/pendopo/internal/id"
)

// passkey is a device that keeps one key, for one site.
type passkey struct {
	secret *ecdsa.PrivateKey
	id     []byte
	site   auth.Site
	user   id.ID
	count  uint32
}

func newPasskey(t *testing.T, site auth.Site, user id.ID) *passkey {
	t.Helper()
	secret, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &passkey{secret: secret, id: []byte(rand.Text()), site: site, user: user}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// client is what the browser says about a ceremony.
func (k *passkey) client(t *testing.T, kind string, c auth.Ceremony) []byte {
	t.Helper()
	text, err := json.Marshal(c.Options)
	if err != nil {
		t.Fatal(err)
	}
	var o struct {
		PublicKey struct{ Challenge string }
	}
	if err := json.Unmarshal(text, &o); err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, `{"type":%q,"challenge":%q,"origin":%q}`, kind, o.PublicKey.Challenge, k.site.Origin)
}

func (k *passkey) state(t *testing.T, flags byte) []byte {
	t.Helper()
	u, err := url.Parse(k.site.Origin)
	if err != nil {
		t.Fatal(err)
	}
	site := sha256.Sum256([]byte(u.Hostname()))
	return binary.BigEndian.AppendUint32(append(site[:], flags|5), k.count) // 5: somebody is there, and was checked
}

// made is the answer to a registration.
func (k *passkey) made(t *testing.T, c auth.Ceremony) []byte {
	t.Helper()
	point, err := k.secret.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	data := append(k.state(t, 0x40), make([]byte, 16)...)
	data = append(binary.BigEndian.AppendUint16(data, uint16(len(k.id))), k.id...)
	data = append(data, 0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32)
	data = append(append(append(data, point[1:33]...), 0x22, 0x58, 32), point[33:]...)
	object := append([]byte("\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58"), byte(len(data)))
	return fmt.Appendf(nil, `{"id":%q,"rawId":%q,"type":"public-key","response":{"clientDataJSON":%q,"attestationObject":%q}}`,
		b64(k.id), b64(k.id), b64(k.client(t, "webauthn.create", c)), b64(append(object, data...)))
}

// answer is the answer to a sign-in, a second step or a proof.
func (k *passkey) answer(t *testing.T, c auth.Ceremony) []byte {
	t.Helper()
	k.count++
	data, client := k.state(t, 0), k.client(t, "webauthn.get", c)
	hash := sha256.Sum256(client)
	sum := sha256.Sum256(append(data[:len(data):len(data)], hash[:]...))
	signature, err := ecdsa.SignASN1(rand.Reader, k.secret, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Appendf(nil, `{"id":%q,"rawId":%q,"type":"public-key","response":{"clientDataJSON":%q,"authenticatorData":%q,"signature":%q,"userHandle":%q}}`,
		b64(k.id), b64(k.id), b64(client), b64(data), b64(signature), b64(k.user[:]))
}
