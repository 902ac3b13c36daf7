package auth

import _ "embed"

// Messages are the texts of what is written to people about their accounts, for notify:
//   - auth.password, a security notice: {time};
//   - auth.invitation and auth.reset, with a one-time link: {link}, {until}.
//
//go:embed messages.yaml
var Messages []byte
