module tare/tests/live/page_go

go 1.19
