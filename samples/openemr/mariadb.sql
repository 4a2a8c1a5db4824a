-- OpenEMR 7 on MariaDB, or MySQL 8: the view that terminbenachrichtigung reads; docs/schedules.md says what it does.
CREATE VIEW reminder_appointments AS
WITH RECURSIVE days (day) AS (
    SELECT current_date - INTERVAL 7 DAY
    UNION ALL
    SELECT day + INTERVAL 1 DAY FROM days WHERE day < current_date + INTERVAL 21 DAY
), calendar AS (
    SELECT day, date_format(day, '%Y%m%d') AS digits, dayofweek(day) AS weekday FROM days
), series AS (  -- every so many days or weeks, or on some days of the week; written by PHP's serialize()
    SELECT pc_eid, pc_eventDate, pc_endDate, pc_recurrspec,
           SUBSTR(pc_recurrspec, 36, CAST(SUBSTR(pc_recurrspec, 33, 1) AS signed)) AS frequency,
           SUBSTR(pc_recurrspec, 73 + CAST(SUBSTR(pc_recurrspec, 33, 1) AS signed), 1) AS unit
    FROM openemr_postcalendar_events
    WHERE pc_recurrtype IN (1, 3) AND pc_recurrspec LIKE
          'a:_:{s:17:"event_repeat_freq";s:_:"%";s:22:"event_repeat_freq_type";s:1:"_";%'
), occurrences (pc_eid, day, id) AS (
    SELECT e.pc_eid, d.day, COALESCE(CONCAT((  -- an occurrence that was edited by itself keeps its id
               SELECT MIN(s.pc_eid) FROM openemr_postcalendar_events s
               WHERE s.pc_recurrtype > 0 AND s.pc_pid = e.pc_pid AND s.pc_startTime = e.pc_startTime
                 AND s.pc_recurrspec LIKE CONCAT('%"exdate"%', d.digits, '%')
           ), '-', d.day), CAST(e.pc_eid AS char))
    FROM calendar d
    JOIN openemr_postcalendar_events e ON e.pc_eventDate = d.day AND e.pc_recurrtype = 0
    UNION ALL
    SELECT s.pc_eid, d.day, CONCAT(s.pc_eid, '-', d.day)
    FROM series s
    JOIN calendar d ON d.day BETWEEN s.pc_eventDate AND s.pc_endDate
    WHERE s.pc_recurrspec NOT LIKE CONCAT('%"exdate"%', d.digits, '%')
      AND CASE s.unit WHEN '0' THEN datediff(d.day, s.pc_eventDate) % NULLIF(CAST(s.frequency AS signed), 0) = 0
                      WHEN '1' THEN datediff(d.day, s.pc_eventDate) % NULLIF(7 * CAST(s.frequency AS signed), 0) = 0
                      WHEN '4' THEN s.frequency = '1' AND '23456' LIKE CONCAT('%', d.weekday, '%')
                      WHEN '6' THEN s.frequency LIKE CONCAT('%', d.weekday, '%') END
    UNION ALL
    SELECT e.pc_eid, NULL, CONCAT(e.pc_eid, '-series')  -- any other series: without a start it is listed as a bad row
    FROM openemr_postcalendar_events e
    LEFT JOIN series s ON s.pc_eid = e.pc_eid
    WHERE e.pc_recurrtype > 0 AND e.pc_endDate >= current_date - INTERVAL 7 DAY
      AND CASE WHEN s.unit IN ('0', '1', '6') THEN 0 WHEN s.unit = '4' AND s.frequency = '1' THEN 0 ELSE 1 END = 1
)
SELECT o.id AS appointment_id, timestamp(o.day, e.pc_startTime) AS starts_at, timestamp(o.day, e.pc_endTime) AS ends_at,
       e.pc_pid AS customer_id, e.pc_apptstatus AS status, c.pc_catname AS type_name,
       COALESCE(c.pc_cattype, 0) = 0 AS type_notifiable, COALESCE(e.pc_gid, 0) > 0 AS is_group,
       CASE p.sex WHEN 'Female' THEN 'Frau' WHEN 'Male' THEN 'Herr' END AS salutation,
       p.fname AS first_name, p.lname AS last_name,
       CASE p.hipaa_allowsms WHEN 'YES' THEN p.phone_cell END AS mobile,
       CASE p.hipaa_allowemail WHEN 'YES' THEN p.email END AS email,
       f.facility_code AS branch_code, f.name AS branch_name, f.phone AS branch_phone, f.email AS branch_email
FROM occurrences o
JOIN openemr_postcalendar_events e ON e.pc_eid = o.pc_eid
LEFT JOIN openemr_postcalendar_categories c ON c.pc_catid = e.pc_catid
LEFT JOIN patient_data p ON CAST(p.pid AS char) = e.pc_pid
LEFT JOIN facility f ON f.id = e.pc_facility
WHERE e.pc_pid <> '';
