module ledger_go

go 1.19
