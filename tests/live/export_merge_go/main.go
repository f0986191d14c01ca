// SPDX-License-Identifier: BSD-2-Clause

// Writes an execution trace of itself to the file that is its argument: goroutines that run, wait and are in system
// calls, collections, other stops of the world, a task with regions and logs.
package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/trace"
	"sync"
	"time"
)

var (
	kept []byte
	mu   sync.Mutex
)

func spin(d time.Duration) {
	for begin := time.Now(); time.Since(begin) < d; {
	}
}

// A system call that blocks: its P is taken for others.
func blockedRead() {
	r, w, err := os.Pipe()
	if err != nil {
		panic(err)
	}
	r.Fd() // blocking from now on
	go func() {
		time.Sleep(2 * time.Millisecond)
		w.Close()
	}()
	r.Read(make([]byte, 1))
	r.Close()
}

func worker(ctx context.Context, jobs <-chan int, done *sync.WaitGroup) {
	defer done.Done()
	for job := range jobs {
		trace.WithRegion(ctx, "job", func() {
			spin(time.Duration(job%5) * 200 * time.Microsecond)
			trace.WithRegion(ctx, "locked", func() {
				mu.Lock()
				kept = make([]byte, 1<<16)
				mu.Unlock()
			})
			trace.Log(ctx, "job", fmt.Sprint(job))
		})
	}
}

// More than have a lane of their own.
func crowd() {
	var done sync.WaitGroup
	for i := 0; i < 200; i++ {
		done.Add(1)
		go func() {
			defer done.Done()
			spin(20 * time.Microsecond)
		}()
	}
	done.Wait()
}

func work(ctx context.Context) {
	jobs := make(chan int)
	var done sync.WaitGroup
	for i := 0; i < 4; i++ {
		done.Add(1)
		go worker(ctx, jobs, &done)
	}
	for i := 0; i < 200; i++ {
		jobs <- i
		if i%50 == 25 {
			blockedRead()
			runtime.ReadMemStats(&runtime.MemStats{})
			trace.Log(ctx, "", "")
		}
	}
	close(jobs)
	done.Wait()
}

func main() {
	runtime.GOMAXPROCS(3)
	f, err := os.Create(os.Args[1])
	if err != nil {
		panic(err)
	}
	if err := trace.Start(f); err != nil {
		panic(err)
	}
	ctx, task := trace.NewTask(context.Background(), "batch")
	crowd()
	work(ctx)
	// generations are a second long
	for begin := time.Now(); time.Since(begin) < 1200*time.Millisecond; {
		spin(time.Millisecond)
		time.Sleep(9 * time.Millisecond)
	}
	task.End()
	trace.Stop()
	if err := f.Close(); err != nil {
		panic(err)
	}
}
