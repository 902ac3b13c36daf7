//go:build race

package app_test

// raced: the race detector makes everything several times slower.
const raced = true
