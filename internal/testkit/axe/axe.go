// Package axe holds axe-core, which finds what makes a page hard to use for people with disabilities.
// It is MPL-2.0 (LICENSE beside this file) and belongs to the tests, never to the product's binary.
package axe

import _ "embed"

// Version of axe-core: axe.min.js of npm's axe-core at this version, unchanged.
const Version = "4.14.1"

// Source is the script.
//
//go:embed axe.min.js
var Source string
