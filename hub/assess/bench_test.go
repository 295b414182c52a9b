package assess_test

import (
	"testing"

	"hallkeeper/hub/assess"
	"hallkeeper/policies"
)

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := assess.Load(policies.Default()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAssess(b *testing.B) {
	p := shipped(b)
	facts := []assess.Fact{late("f", "2026-11-23", 11)}
	for b.Loop() {
		if len(assess.Assess(p, facts, "2026-11-23")) != 1 {
			b.Fatal("no finding")
		}
	}
}
