package main

import (
	"fmt"
	"time"
)

// phase is a part of the run with about how long it takes on two quiet CPUs.
type phase struct {
	name     string
	estimate time.Duration
}

// progress tells what is going on, for how long the run has lasted and about how long
// it will go on. How this machine differs from the one of the estimates is learnt from
// the phases that are over.
type progress struct {
	phases  []phase
	print   func(string)
	now     func() time.Time
	begin   time.Time
	current int // index of phases; -1 before the first
	since   time.Time
}

func newProgress(phases []phase, print func(string), now func() time.Time) *progress {
	return &progress{phases: phases, print: print, now: now, begin: now(), current: -1, since: now()}
}

// enter begins the phase of that name; those before it are over.
func (p *progress) enter(name string) {
	for i := range p.phases {
		if p.phases[i].name == name {
			p.current, p.since = i, p.now()
		}
	}
}

// say prints a line of progress.
func (p *progress) say(format string, args ...any) {
	p.print(fmt.Sprintf("%4.0fs  %-14s %s", p.now().Sub(p.begin).Seconds(), about(p.left()), fmt.Sprintf(format, args...)))
}

// left is about how much longer the run will take.
func (p *progress) left() time.Duration {
	var over, rest time.Duration
	for i, phase := range p.phases {
		if i < p.current {
			over += phase.estimate
		} else if i > p.current {
			rest += phase.estimate
		}
	}
	// A phase or two say little: the estimate itself counts as ten seconds of them.
	const trust = 10 * time.Second
	speed := float64(p.since.Sub(p.begin)+trust) / float64(over+trust)
	left := time.Duration(speed * float64(rest))
	if p.current >= 0 {
		here := time.Duration(speed * float64(p.phases[p.current].estimate))
		left += max(0, here-p.now().Sub(p.since))
	}
	return left
}

// about is a duration as people say it.
func about(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s left", int(d.Seconds()/5)*5+5)
	default:
		return fmt.Sprintf("%.1f min left", d.Minutes())
	}
}

// The phases, in order.
const (
	phaseMint    = "tokens"
	phaseKernels = "kernels"
	phaseWhole   = "whole requests"
	phaseHeld    = "longest callback"
	phaseProfile = "profile"
	phaseStarts  = "starts"
	phaseMemory  = "memory of caches"
	phaseEnvoy   = "envoy"
	phasePaced   = "latencies"
	phaseGrow    = "growth"
	phaseFlat    = "memory over time"
)

// phases estimates a run of that scale.
func phases(s scale) []phase {
	us := func(n int, each float64) time.Duration { return time.Duration(float64(n) * each * 1e3) }
	const variants, growVariants = 70, 90
	points := len(s.Seen) + 2*len(s.Sets) + 2*len(s.Rules) + len(s.Sizes) + 2*len(s.Workers)
	return []phase{
		{phaseMint, us(s.Tokens, 1800)},
		{phaseKernels, 4*time.Second + 7*4*time.Duration(s.KernelRounds+1)*s.KernelTime},
		{phaseWhole, 3*time.Second + 6*3*time.Duration(s.KernelRounds+1)*s.KernelTime},
		{phaseHeld, 2*time.Second + us(4*(s.Held+3*s.Timed), 60)},
		{phaseProfile, 3*time.Second + us(7*2*s.Sampled, 50)},
		{phaseStarts, time.Duration(s.Starts) * 1500 * time.Millisecond},
		{phaseMemory, 4*time.Second + us(s.Tokens, 250)},
		{phaseEnvoy, 6*time.Second + us(s.Tokens, 200) + us(variants*(s.Rounds+1)*s.Requests, 70)},
		{phasePaced, us(len(pacedVariants)*s.PacedRounds*s.PacedRequests, 1e6/float64(s.Rate))},
		{phaseGrow, time.Duration(points)*time.Second + us(growVariants*(s.GrowRounds+1)*s.GrowRequests, 70)},
		{phaseFlat, 2*time.Second + us(s.Flat, 70)},
	}
}
