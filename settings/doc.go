// Package settings reads a program's settings: a YAML file, then the HALL_…
// environment, then flags, into a struct with yaml tags. It owns how a mistake
// is told: unknown keys and bad values are all reported at once, each with
// where it was written, its key and what was expected. It refuses to guess: a
// key it does not know is a mistake, never ignored. It knows no program's
// settings and keeps none.
package settings
