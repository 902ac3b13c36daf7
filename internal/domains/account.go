package domains

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"golang.org/x/crypto/acme"

	"github.com/pendopo-id/pendopo/internal/id"
	"github.com/pendopo-id/pendopo/internal/seal"
	"github.com/pendopo-id/pendopo/internal/store"
)

// newKey makes a private key, as it is sealed.
func newKey() (crypto.Signer, string, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, "", fmt.Errorf("domains: new key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, "", fmt.Errorf("domains: new key: %w", err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), nil
}

// readKey reads what newKey has made.
func readKey(text string) (crypto.Signer, error) {
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, errors.New("domains: no PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("domains: %w", err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errors.New("domains: the key does not sign")
	}
	return signer, nil
}

// accountKey is the service's key at the authority. The first process that asks makes it.
func (k *Keeper) accountKey(ctx context.Context) (crypto.Signer, error) {
	k.mu.Lock()
	key := k.account
	k.mu.Unlock()
	if key != nil {
		return key, nil
	}
	platform, ok := k.reg.Platform()
	if !ok {
		return nil, errors.New("domains: the platform's own tenant is not there yet")
	}
	var text string
	read := func(ctx context.Context, tx *store.Tx) error {
		rows, err := store.Select[Account](tx).Where("directory = ?", k.opt.Directory).All(ctx)
		if err != nil || len(rows) == 0 {
			return err
		}
		keys, err := seal.In(ctx, tx)
		if err != nil {
			return err
		}
		text, err = keys.Open(ctx, SealedAccount, rows[0].ID, rows[0].Key)
		return err
	}
	err := k.db.View(ctx, platform.ID, read)
	if err == nil && text == "" {
		err = k.db.In(ctx, platform.ID, func(ctx context.Context, tx *store.Tx) error {
			_, fresh, err := newKey()
			if err != nil {
				return err
			}
			keys, err := seal.In(ctx, tx)
			if err != nil {
				return err
			}
			row := &Account{ID: id.New(), Directory: k.opt.Directory, CreatedAt: tx.Now()}
			if row.Key, err = keys.Seal(SealedAccount, row.ID, fresh); err != nil {
				return err
			}
			if _, err := store.InsertNew(ctx, tx, row); err != nil { // of two processes the first one's stays
				return err
			}
			return read(ctx, tx)
		})
	}
	if err != nil {
		return nil, err
	}
	if key, err = readKey(text); err != nil {
		return nil, err
	}
	k.mu.Lock()
	k.account = key
	k.mu.Unlock()
	return key, nil
}

// client is the authority, with an account there. The operator has agreed to its terms: config asks for it.
func (k *Keeper) client(ctx context.Context) (*acme.Client, error) {
	k.mu.Lock()
	c := k.authority
	k.mu.Unlock()
	if c != nil {
		return c, nil
	}
	key, err := k.accountKey(ctx)
	if err != nil {
		return nil, err
	}
	c = &acme.Client{Key: key, DirectoryURL: k.opt.Directory, HTTPClient: k.opt.Client, UserAgent: "pendopo"}
	account := &acme.Account{}
	if k.opt.Email != "" {
		account.Contact = []string{"mailto:" + k.opt.Email}
	}
	if _, err := c.Register(ctx, account, acme.AcceptTOS); err != nil && !errors.Is(err, acme.ErrAccountAlreadyExists) {
		return nil, fmt.Errorf("domains: account at %s: %w", k.opt.Directory, err)
	}
	k.mu.Lock()
	k.authority = c
	k.mu.Unlock()
	return c, nil
}
