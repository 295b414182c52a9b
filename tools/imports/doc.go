// Package imports tests what the linter can't see: what a program or a package
// holds in the end, through all that its imports import. It owns no code.
package imports
